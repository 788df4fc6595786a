//! `engunity whoami`: the logged-in user, the server and the linked project.

use serde_json::json;

use crate::{app::App, error::Result, output::plain};

pub async fn run(app: &App) -> Result<u8> {
    app.need_login()?;
    let user = app.client.me().await?;
    let project = app.project().await.ok();
    let answer = json!({
        "user": user,
        "server": app.server,
        "project": project.as_ref().map(|project| json!({"id": project.id, "name": project.name})),
    });
    app.out.result(&answer, || {
        let project = project.as_ref().map(|project| format!("\nproject {}", plain(&project.title())));
        format!("{} at {}{}", plain(&user.email), app.server, project.unwrap_or_default())
    })?;
    Ok(0)
}
