"""A server that refuses a large request answers before it has read all of it,
and closes: the answer is what the caller gets, whatever the kernel says of the
bytes that still leave."""
import contextlib
import os
import socket
import threading

import pytest
import servers

TIMES = int(os.environ.get("EARLY_TIMES", "20"))
BODY = b"x" * 6_000_000


@contextlib.contextmanager
def refuses(status, half_closes):
    """A peer that reads the front of a request, refuses it and closes."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        def serve():
            while True:
                try:
                    conn, _ = listener.accept()
                except OSError:
                    return
                with conn, contextlib.suppress(OSError):
                    conn.recv(4096)
                    conn.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 3\r\n"
                                 b"Connection: close\r\n\r\nno\n" % status)
                    if half_closes:
                        conn.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def post(headcount, url):
    (headcount.home / "big").write_bytes(BODY)
    for _ in range(TIMES):
        yield headcount("fetch", "POST", url, "--body", "@big")


@pytest.mark.parametrize("half_closes", [False, True])
@pytest.mark.parametrize("status", [403, 413, 503])
def test_an_early_refusal_is_what_the_caller_gets(headcount, status,
                                                  half_closes):
    with refuses(status, half_closes) as url:
        for run in post(headcount, url):
            assert f"HTTP {status}" in run.err, run.err


@pytest.mark.parametrize("tls", [False, True])
def test_nginx_refuses_a_body_that_is_too_large(headcount, certs, tmp_path,
                                                tls):
    headcount.env["AWS_CA_BUNDLE"] = str(certs / "ca.pem")
    with contextlib.ExitStack() as stack:
        dns = stack.enter_context(servers.Dnsmasq(
            tmp_path / "dns", {"ecs.test.internal": ["127.0.0.1"]}))
        headcount.env["HEADCOUNT_DNS_SERVER"] = dns.address
        front = stack.enter_context(servers.Nginx(
            tmp_path / "nginx", tls=certs / "rsa" if tls else None,
            location="return 200;", server_text="client_max_body_size 1m;"))
        url = f"http{'s' if tls else ''}://ecs.test.internal:{front.port}/"
        for run in post(headcount, url):
            assert "HTTP 413" in run.err, run.err
