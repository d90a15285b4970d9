// calls.go - for `make matrix`: Go's net/http in the place of calls.c, with
// the same lines in and out.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type cell struct {
	id, to, kind string
	calls, size  int
	client       *http.Client
}

var (
	out   sync.Mutex
	cells = map[string]*cell{}
)

func say(format string, args ...any) {
	out.Lock()
	defer out.Unlock()
	fmt.Printf(format+"\n", args...)
}

func milliseconds(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// The answer: its status, whether it is that of this request, or an error.
func (c *cell) post(kind string, size int) (int, bool, error) {
	marker := fmt.Sprintf("c%sx%d", c.id, c.calls)
	c.calls++
	body := `{"cluster":"` + marker + `","pad":"` +
		strings.Repeat("x", size) + `"}`
	request, err := http.NewRequest("POST", c.to,
		bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, false, err
	}
	if kind != "write" {
		request.Header.Set("Idempotency-Key", marker)
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return 0, false, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, bytes.Contains(text, []byte(marker)), err
}

func (c *cell) call() {
	status, right, err := c.post(c.kind, c.size)
	code, text := "OK", ""
	if err != nil {
		code, text = "error", strings.ReplaceAll(err.Error(), "\n", " ")
	} else if status >= 400 {
		code = "HTTP"
	}
	flag := 0
	if right {
		flag = 1
	}
	say("done %s %s %d 0 0 0 0 %d %s", c.id, code, status, flag, text)
}

func (c *cell) warm() {
	code := "OK"
	if status, _, err := c.post("read", 0); err != nil || status != 200 {
		code = "error"
	}
	say("warm %s %s", c.id, code)
}

func open(f []string) *cell {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(f[8]); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	read, connect := milliseconds(f[5]), milliseconds(f[6])
	dialer := &net.Dialer{Timeout: connect, Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, f[9])
		}}}
	size, _ := strconv.Atoi(f[11])
	var proxy func(*http.Request) (*url.URL, error)
	if at, err := url.Parse(f[10]); err == nil && f[10] != "-" {
		proxy = http.ProxyURL(at)
	}
	return &cell{id: f[1], to: f[2], kind: f[3], size: size,
		client: &http.Client{Timeout: read * 2, Transport: &http.Transport{
			Proxy:                 proxy,
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   connect,
			ResponseHeaderTimeout: read,
			TLSClientConfig:       &tls.Config{RootCAs: roots}}}}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch f[0] {
		case "cell":
			c := open(f)
			cells[c.id] = c
			if f[4] == "0" {
				go c.call()
			} else {
				go c.warm()
			}
		case "go":
			go cells[f[1]].call()
		case "end":
			cells[f[1]].client.CloseIdleConnections()
			delete(cells, f[1])
		}
	}
}
