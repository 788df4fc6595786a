//! Mail, where an SMTP server is configured: codes to choose a new password and to prove an address. Sending never holds
//! up a request, and its result tells nobody whether an account exists.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::sync::Semaphore;

use crate::config::Smtp;

/// Messages under way at one time; more wait, and beyond `WAITING` they are dropped.
const PARALLEL: usize = 4;
const WAITING: usize = 1000;
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const TRIES: u32 = 3;
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// A cheap handle.
#[derive(Clone)]
pub struct Mailer(Option<Arc<Inner>>);

struct Inner {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where the web IDE is.
    public_url: String,
    parallel: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Reset,
    Verify,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
        }
    }

    /// How long a code holds.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::Reset => TimeDelta::hours(1),
            Self::Verify => TimeDelta::days(1),
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Reset => "Choose a new password",
            Self::Verify => "Confirm your email address",
        }
    }

    fn text(self, url: &str, token: &str) -> String {
        let link = format!("{url}/api/v1/docs/account#{}={token}", self.as_str());
        match self {
            Self::Reset => format!(
                "Somebody asked for a new password of your account at {url}.\n\n\
                 To choose one, open this page within an hour:\n\n{link}\n\n\
                 Or send this code with the new password to POST /api/v1/auth/reset:\n\n{token}\n\n\
                 If it was not you, ignore this mail: the old password stays.\n"
            ),
            Self::Verify => format!(
                "Please confirm that this address belongs to your account at {url}.\n\n\
                 Open this page within a day:\n\n{link}\n\n\
                 Or send this code to POST /api/v1/auth/verify:\n\n{token}\n"
            ),
        }
    }
}

impl Mailer {
    /// Without a URL nothing is sent.
    pub fn new(smtp: &Smtp, public_url: &str) -> anyhow::Result<Self> {
        if smtp.url.is_empty() {
            return Ok(Self(None));
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&smtp.url).context("smtp.url")?;
        let inner = Inner {
            transport: transport.timeout(Some(SEND_TIMEOUT)).build(),
            from: smtp.from.parse().context("smtp.from")?,
            public_url: public_url.trim_end_matches('/').to_owned(),
            parallel: Arc::new(Semaphore::new(PARALLEL)),
            waiting: Arc::new(Semaphore::new(WAITING)),
        };
        Ok(Self(Some(Arc::new(inner))))
    }

    pub fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Sends a code, in the background.
    pub fn send(&self, to: &str, purpose: Purpose, token: &str) {
        let Some(inner) = self.0.clone() else { return };
        let Ok(place) = inner.waiting.clone().try_acquire_owned() else {
            tracing::warn!("too many mails wait for the SMTP server; one is dropped");
            return;
        };
        let message = inner.message(to, purpose, token);
        tokio::spawn(async move {
            let _place = place;
            match message {
                Ok(message) => inner.deliver(message).await,
                Err(error) => tracing::warn!(%error, "a mail can't be written"),
            }
        });
    }
}

impl Inner {
    fn message(&self, to: &str, purpose: Purpose, token: &str) -> anyhow::Result<Message> {
        let message = Message::builder().from(self.from.clone()).to(to.parse()?).subject(purpose.subject());
        Ok(message.body(purpose.text(&self.public_url, token))?)
    }

    async fn deliver(&self, message: Message) {
        let Ok(_slot) = self.parallel.acquire().await else { return };
        for attempt in 1..=TRIES {
            match tokio::time::timeout(SEND_TIMEOUT * 2, self.transport.send(message.clone())).await {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => tracing::warn!(%error, attempt, "the SMTP server did not take a mail"),
                Err(_) => tracing::warn!(attempt, "the SMTP server did not answer in time"),
            }
            tokio::time::sleep(RETRY_PAUSE * attempt).await;
        }
    }
}
