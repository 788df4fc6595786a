//! The arguments of `engunity admin`. No behaviour.

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Admin {
    #[command(subcommand)]
    pub action: AdminAction,
}

#[derive(Subcommand)]
pub enum AdminAction {
    /// List accounts
    Users {
        /// Part of an email or name
        search: Option<String>,
    },
    /// Show or change an account
    User(UserName),
    /// Show what waits and what runs, by pool and by user
    Queue,
    /// Let a worker take no more jobs; what it runs goes on
    Drain {
        /// Its id, as `engunity workers` shows it
        worker: String,
    },
    /// Let a drained worker take jobs again
    Resume {
        /// Its id, as `engunity workers` shows it
        worker: String,
    },
    /// Show or change limits
    Limits(Limits),
    /// Invite people to register
    Invite(Invite),
}

#[derive(Args)]
pub struct UserName {
    /// The account's email or id
    pub user: String,
    #[command(subcommand)]
    pub action: Option<UserAction>,
}

#[derive(Subcommand)]
pub enum UserAction {
    /// End everything that the account is signed in by, and its runs; nobody can sign in to it
    Disable,
    /// Let the account be used again
    Enable,
    /// Make it an administrator's, or not
    Role {
        /// `user` or `admin`
        role: String,
    },
    /// Change what this account may use
    Limit {
        /// NAME=NUMBER (0 is no limit) or NAME=default
        #[arg(required = true, value_name = "NAME=VALUE")]
        settings: Vec<String>,
    },
    /// Delete the account with its projects, files and runs
    Delete {
        /// Do not ask for confirmation
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Args)]
pub struct Limits {
    #[command(subcommand)]
    pub action: Option<LimitsAction>,
}

#[derive(Subcommand)]
pub enum LimitsAction {
    /// Change the limits of all users
    Set {
        /// NAME=NUMBER (0 is no limit) or NAME=default
        #[arg(required = true, value_name = "NAME=VALUE")]
        settings: Vec<String>,
        /// Change those of the whole installation instead
        #[arg(long)]
        installation: bool,
    },
}

#[derive(Args)]
pub struct Invite {
    #[command(subcommand)]
    pub action: InvitationAction,
}

#[derive(Subcommand)]
pub enum InvitationAction {
    /// Print the code of a new invitation
    Create {
        /// Only this address may use it
        #[arg(long)]
        email: Option<String>,
        /// How long it holds
        #[arg(long, default_value_t = 7)]
        days: u32,
    },
    /// List invitations that nobody used yet
    #[command(alias = "list")]
    Ls,
    /// Take an invitation back
    #[command(alias = "delete")]
    Rm {
        /// Its id
        id: String,
    },
}
