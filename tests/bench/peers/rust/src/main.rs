//! sdk CALLS - the bench's call by the AWS SDK for Rust: one call, then CALLS
//! on the same client.  Prints "CPU WALL", microseconds a call, and what the
//! answer says.  Everything else comes from the environment.
use aws_config::BehaviorVersion;
use aws_sdk_ecs::types::ServiceField;
use aws_sdk_ecs::Client;
use std::time::Instant;

async fn call(client: &Client) -> String {
    let answer = client
        .describe_services()
        .cluster("prod")
        .services("web")
        .include(ServiceField::Tags)
        .send()
        .await
        .expect("the call failed");
    let web = &answer.services()[0];
    format!("{} {}", web.service_name().unwrap_or(""), web.desired_count())
}

fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns: f64 = text.split(' ').next().unwrap_or("").parse().unwrap_or(0.0);
    ns / 1e3
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let calls: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    let mut said = call(&client).await;
    let (began, spent) = (Instant::now(), cpu());
    for _ in 0..calls {
        said = call(&client).await;
    }
    if calls > 0 {
        let n = f64::from(calls);
        let wall = began.elapsed().as_secs_f64() * 1e6;
        println!("{:.2} {:.2}", (cpu() - spent) / n, wall / n);
    }
    println!("{said}");
}
