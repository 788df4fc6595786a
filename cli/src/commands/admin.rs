//! `engunity admin`: accounts, invitations, the queue, workers and limits, for administrators.

use chrono::Utc;
use engunity_protocol::account::Role;
use engunity_protocol::admin::{
    AccountPatch, AccountView, AllLimitsPatch, InstallationLimitsPatch, Invitation, NewInvitation, QueueView,
};
use engunity_protocol::limits::LimitsPatch;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    args::{self, AdminAction, InvitationAction, LimitsAction, UserAction, UserName},
    error::{CliError, Result},
    output::{
        plain,
        table::{cut, table},
        units::ago,
    },
};

pub async fn run(app: &App, args: args::Admin) -> Result<u8> {
    app.need_login()?;
    match args.action {
        AdminAction::Users { search } => users(app, search.as_deref().unwrap_or_default()).await,
        AdminAction::User(UserName { user, action }) => user_action(app, &user, action).await,
        AdminAction::Queue => queue(app).await,
        AdminAction::Drain { worker } => worker_action(app, &worker, "drain").await,
        AdminAction::Resume { worker } => worker_action(app, &worker, "resume").await,
        AdminAction::Limits(action) => limits(app, action.action).await,
        AdminAction::Invite(action) => invitation(app, action.action).await,
    }
}

async fn users(app: &App, search: &str) -> Result<u8> {
    let users = app.client.admin_users(search).await?;
    app.out.result(&users, || {
        let rows: Vec<_> = users.iter().map(user_row).collect();
        table(["ID", "EMAIL", "NAME", "ROLE", "STATE", "LAST USED"], &rows)
    })?;
    Ok(0)
}

fn user_row(account: &AccountView) -> [String; 6] {
    let user = &account.user;
    [
        user.id.to_string(),
        cut(&user.email, 50),
        cut(user.name.as_deref().unwrap_or_default(), 30),
        user.role.as_str().to_owned(),
        if account.disabled { "disabled" } else { "enabled" }.to_owned(),
        account.last_used_at.map_or_else(String::new, |at| ago(at, Utc::now())),
    ]
}

async fn user_action(app: &App, name: &str, action: Option<UserAction>) -> Result<u8> {
    let id = find(app, name).await?;
    let patch = match action {
        None => AccountPatch::default(),
        Some(UserAction::Disable) => AccountPatch { disabled: Some(true), ..AccountPatch::default() },
        Some(UserAction::Enable) => AccountPatch { disabled: Some(false), ..AccountPatch::default() },
        Some(UserAction::Role { role }) => {
            AccountPatch { role: Some(role_of(&role)?), ..AccountPatch::default() }
        }
        Some(UserAction::Limit { settings }) => {
            AccountPatch { limits: Some(parsed::<LimitsPatch>(&settings)?), ..AccountPatch::default() }
        }
        Some(UserAction::Delete { yes }) => return delete(app, &id, name, yes).await,
    };
    let is_change = patch.role.is_some() || patch.disabled.is_some() || patch.limits.is_some();
    let detail = if is_change {
        app.client.admin_change_user(&id, &patch).await?
    } else {
        app.client.admin_user(&id).await?
    };
    app.out.result(&detail, || serde_json::to_string_pretty(&detail).unwrap_or_default())?;
    Ok(0)
}

fn role_of(text: &str) -> Result<Role> {
    serde_json::from_value(json!(text)).map_err(|_| CliError::new("a role is `user` or `admin`"))
}

async fn delete(app: &App, id: &str, name: &str, yes: bool) -> Result<u8> {
    if !yes {
        if !app.out.can_ask() {
            return Err(CliError::new("deleting an account can't be undone").hint("add --yes"));
        }
        let question =
            format!("Delete {} with all projects, files and runs? Type the email or id again:", plain(name));
        if app.out.ask(&question)? != name {
            return Err(CliError::new("nothing was deleted"));
        }
    }
    app.client.admin_delete_user(id).await?;
    app.out.result(&json!({"deleted": id}), || format!("deleted {}", plain(name)))?;
    Ok(0)
}

/// The id of a user who is named by id or email.
async fn find(app: &App, name: &str) -> Result<String> {
    if name.parse::<i32>().is_ok() {
        return Ok(name.to_owned());
    }
    let users = app.client.admin_users(name).await?;
    let found = users.iter().find(|account| account.user.email.eq_ignore_ascii_case(name));
    let missing =
        || CliError::new(format!("there is no account {}", plain(name))).hint("engunity admin users");
    found.map(|account| account.user.id.to_string()).ok_or_else(missing)
}

async fn queue(app: &App) -> Result<u8> {
    let queue = app.client.admin_queue().await?;
    app.out.result(&queue, || queue_text(&queue))?;
    Ok(0)
}

fn queue_text(queue: &QueueView) -> String {
    let oldest = queue.oldest_s.map_or_else(String::new, |seconds| format!(", the oldest for {seconds} s"));
    let pools = queue
        .pools
        .iter()
        .map(|pool| [&pool.slots, &pool.running, &pool.released, &pool.queued].map(ToString::to_string));
    let pools: Vec<[String; 5]> = queue
        .pools
        .iter()
        .zip(pools)
        .map(|(pool, [slots, running, released, queued])| {
            [pool.pool.clone(), slots, running, released, queued]
        })
        .collect();
    let users: Vec<[String; 3]> = queue
        .users
        .iter()
        .map(|user| [cut(&user.email, 50), user.queued.to_string(), user.running.to_string()])
        .collect();
    format!(
        "{} waiting{oldest}; {} running\n\n{}\n\n{}",
        queue.queued,
        queue.running,
        table(["POOL", "SLOTS", "RUNNING", "RELEASED", "WAITING"], &pools),
        table(["USER", "WAITING", "RUNNING"], &users)
    )
}

async fn worker_action(app: &App, worker: &str, action: &str) -> Result<u8> {
    let worker = app.client.admin_worker(worker, action).await?;
    app.out.result(&worker, || {
        format!(
            "{}: {}",
            plain(&worker.id.0),
            if action == "drain" { "takes no more jobs" } else { "takes jobs" }
        )
    })?;
    Ok(0)
}

async fn limits(app: &App, action: Option<LimitsAction>) -> Result<u8> {
    let limits = match action {
        None => app.client.admin_limits().await?,
        Some(LimitsAction::Set { settings, installation }) => {
            let patch = if installation {
                let installation = parsed::<InstallationLimitsPatch>(&settings)?;
                AllLimitsPatch { installation, ..AllLimitsPatch::default() }
            } else {
                AllLimitsPatch { per_user: parsed::<LimitsPatch>(&settings)?, ..AllLimitsPatch::default() }
            };
            app.client.admin_change_limits(&patch).await?
        }
    };
    app.out.result(&limits, || serde_json::to_string_pretty(&limits).unwrap_or_default())?;
    Ok(0)
}

/// `NAME=NUMBER` or `NAME=default`, as a patch.
fn parsed<T: serde::de::DeserializeOwned>(settings: &[String]) -> Result<T> {
    let mut fields = Map::new();
    for setting in settings {
        let wrong = || CliError::new(format!("{}: write NAME=NUMBER or NAME=default", plain(setting)));
        let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
        let value = match value.trim() {
            "default" => Value::Null,
            number => number.parse::<i64>().map_err(|_| wrong())?.into(),
        };
        fields.insert(name.trim().to_owned(), value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| CliError::new(error.to_string()))
}

async fn invitation(app: &App, action: InvitationAction) -> Result<u8> {
    match action {
        InvitationAction::Create { email, days } => {
            let made = app.client.invite(&NewInvitation { email, expires_in_days: days }).await?;
            app.out.result(&made, || made.code.clone().unwrap_or_default())?;
        }
        InvitationAction::Ls => {
            let all = app.client.invitations().await?;
            app.out.result(&all, || {
                let rows: Vec<_> = all.iter().map(invitation_row).collect();
                table(["ID", "EMAIL", "CREATED", "EXPIRES"], &rows)
            })?;
        }
        InvitationAction::Rm { id } => {
            app.client.delete_invitation(&id).await?;
            app.out.result(&json!({"deleted": id}), || "the invitation does not hold any more".to_owned())?;
        }
    }
    Ok(0)
}

fn invitation_row(invitation: &Invitation) -> [String; 4] {
    [
        invitation.id.to_string(),
        cut(invitation.email.as_deref().unwrap_or("anybody"), 50),
        ago(invitation.created_at, Utc::now()),
        invitation.expires_at.format("%Y-%m-%d %H:%M").to_string(),
    ]
}
