//! `engunity login` and `engunity register`: exchange a password for a personal access token, stored on this machine.

use std::{
    env,
    io::{self, Read},
};

use engunity_protocol::{
    account::{Credentials, Login, NewPersonalToken, Register, User},
    problem::ErrorCode,
};
use serde_json::json;

use crate::{
    app::App,
    args,
    error::{About, CliError, Result},
    output::plain,
    text,
};

pub async fn run(app: &mut App, args: args::Login) -> Result<u8> {
    if args.register {
        let args = args::Register {
            email: args.email,
            name: None,
            invitation: None,
            password_stdin: args.password_stdin,
        };
        return register(app, args).await;
    }
    let email = email(app, args.email)?;
    let password = password(app, args.password_stdin, "Password: ")?;
    let credentials = app.client.login(&Login { email, password }).await?;
    keep(app, credentials).await
}

pub async fn register(app: &mut App, args: args::Register) -> Result<u8> {
    let email = email(app, args.email)?;
    let password = new_password(app, args.password_stdin)?;
    let register = Register { email, password, name: args.name, invitation: args.invitation };
    let login = format!("engunity login --email {}", register.email);
    let credentials =
        app.client.register(&register).await.map_err(|failure| failure.when(ErrorCode::Conflict, &login))?;
    keep(app, credentials).await
}

/// Creates a personal token, ends the login session that created it, and stores the token.
async fn keep(app: &mut App, login: Credentials) -> Result<u8> {
    let client = app.client.with_token(login.access_token);
    let name = format!("engunity CLI on {}", host_name());
    let token = client.make_token(&NewPersonalToken { name, expires_in_days: None }).await?;
    // The session expires soon in any case, so an error is ignored.
    let _ = client.end_login(login.refresh_token).await;
    let Some(secret) = token.token else {
        return Err(CliError::new("the server created a token but did not return it"));
    };
    replace_old_token(app, &secret).await;
    app.credentials.logged_in(&app.server, login.user.email.clone(), secret, token.id.to_string());
    app.credentials.save()?;
    print_result(app, &login.user)
}

/// Revokes the token that a second login on this machine leaves unused.
async fn replace_old_token(app: &App, new: &str) {
    let old = app
        .credentials
        .at(&app.server)
        .and_then(|entry| Some((entry.token_id.clone()?, entry.token.clone()?)));
    if let Some((id, token)) = old.filter(|(_, token)| token != new) {
        let _ = app.client.with_token(token).revoke_token(&id).await;
    }
}

fn print_result(app: &App, user: &User) -> Result<u8> {
    let answer = json!({"server": app.server, "user": user, "credentials": app.credentials.path()});
    app.out.result(&answer, || format!("logged in at {} as {}", app.server, plain(&user.email)))?;
    if let Some(path) = app.credentials.path() {
        app.out.note(format!("the token is stored in {}", path.display()));
    }
    if env::var_os("ENGUNITY_TOKEN").is_some_and(|token| !token.is_empty()) {
        app.out.warn("ENGUNITY_TOKEN is set and takes precedence over this login");
    }
    Ok(0)
}

fn email(app: &App, given: Option<String>) -> Result<String> {
    match given {
        Some(email) => Ok(email),
        None if app.out.can_ask() => app.out.ask("Email:"),
        None => Err(CliError::new("an email address is needed")
            .hint("engunity login --email <address> --password-stdin")),
    }
}

/// Prompts without echo, or reads stdin with `--password-stdin`.
fn password(app: &App, from_stdin: bool, question: &str) -> Result<String> {
    if from_stdin {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        let text = text::decode(bytes).about("the password on stdin")?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    if !app.out.can_ask() {
        return Err(CliError::new("there is no terminal to ask for the password")
            .hint("engunity login --email <address> --password-stdin < file"));
    }
    Ok(rpassword::prompt_password(question)?)
}

/// Prompts twice for a new password: a typing mistake would lock its owner out.
fn new_password(app: &App, from_stdin: bool) -> Result<String> {
    let first = password(app, from_stdin, "New password (at least 8 characters): ")?;
    if !from_stdin && first != password(app, false, "Repeat the password: ")? {
        return Err(CliError::new("the two passwords differ").hint("engunity register"));
    }
    Ok(first)
}

fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "an unnamed machine".to_owned())
}
