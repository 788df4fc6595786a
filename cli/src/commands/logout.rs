//! `engunity logout`: revoke this machine's token and delete it.

use serde_json::json;

use crate::{
    app::App,
    error::{CliError, Result},
};

pub async fn run(app: &mut App) -> Result<u8> {
    let Some(entry) = app.credentials.forget(&app.server).filter(|entry| entry.token.is_some()) else {
        return Err(CliError::new(format!("not logged in at {}", app.server)).hint("engunity login"));
    };
    app.credentials.save()?;
    let revoked = match (entry.token, entry.token_id) {
        (Some(token), Some(id)) => app.client.with_token(token).revoke_token(&id).await,
        _ => Ok(()),
    };
    if let Err(failure) = &revoked {
        app.out.warn(format!(
            "the token is deleted on this machine but could not be revoked: {}",
            failure.message
        ));
    }
    let answer = json!({"server": app.server, "revoked": revoked.is_ok()});
    app.out.result(&answer, || format!("logged out at {}", app.server))?;
    Ok(0)
}
