//! `engunity runtimes`: the languages that can run, and their limits.

use engunity_protocol::fleet::RuntimeView;

use crate::{
    app::App,
    error::Result,
    output::table::{cut, table},
};

pub async fn run(app: &App) -> Result<u8> {
    app.need_login()?;
    let runtimes = app.client.runtimes().await?;
    app.out.result(&runtimes, || {
        let rows: Vec<_> = runtimes.iter().map(row).collect();
        table(["RUNTIME", "TITLE", "FILES", "WALL", "MEMORY", "CPU", "RUNS"], &rows)
    })?;
    Ok(0)
}

/// Limits as `default (most)`.
fn row(runtime: &RuntimeView) -> [String; 7] {
    let (usual, most) = (&runtime.limits, &runtime.max_limits);
    let extensions: Vec<_> =
        runtime.extensions.iter().map(|ext| format!(".{}", ext.trim_start_matches('.'))).collect();
    [
        cut(&runtime.name, 20),
        cut(&runtime.title, 24),
        cut(&extensions.join(" "), 24),
        format!("{} s (≤ {})", usual.wall_s, most.wall_s),
        format!("{} MiB (≤ {})", usual.memory_mb, most.memory_mb),
        format!("{} (≤ {})", usual.cpu, most.cpu),
        cut(&runtime.run, 48),
    ]
}
