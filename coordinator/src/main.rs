//! `engunity-coordinator`: reads the configuration, runs one coordinator, ends gracefully on SIGTERM and SIGINT.

use engunity_coordinator::{config::Config, start, telemetry};
use tokio::signal::unix::{SignalKind, signal};

/// glibc raises its mmap threshold to the largest block that was ever freed, so it keeps argon2's 19 MiB once for each thread
/// that hashed a password. With a fixed threshold such blocks are returned to the system.
fn return_large_blocks() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets one number in the allocator, before there is a second thread.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {}
        ["worker-permissions", name] => return print_permissions(name),
        _ => anyhow::bail!("usage: engunity-coordinator [worker-permissions WORKER-NAME]"),
    }
    return_large_blocks();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

/// Prints what the broker user of a worker may do, as the body of `PUT /api/permissions/<vhost>/<user>`.
fn print_permissions(worker: &str) -> anyhow::Result<()> {
    let permissions = engunity_broker::worker_users::permissions(worker);
    println!("{}", serde_json::to_string(&permissions)?);
    Ok(())
}

async fn run() -> anyhow::Result<()> {
    let config = Config::load()?;
    telemetry::logs(&config.log)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = tokio::select! {
        running = start(config) => running?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    println!("listening on http://{}", running.address);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    running.stop().await;
    Ok(())
}
