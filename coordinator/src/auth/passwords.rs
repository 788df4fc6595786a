//! Changing and resetting passwords, and proving an address: with the present password, or with a code that was mailed.

use engunity_protocol::UserId;

use super::mail::Purpose;
use super::tokens::hash;
use super::{Accounts, AuthError, Caller, accounts::Origin, password};

impl Accounts {
    /// Changes the caller's password and ends all other sessions.
    pub async fn change_password(
        &self,
        caller: &Caller,
        present: String,
        new: String,
        origin: &Origin,
    ) -> Result<(), AuthError> {
        let account = self.store.account(caller.user_id).await?;
        let gone = AuthError::Unauthenticated("this account does not exist any more");
        let account = account.filter(|account| !account.disabled).ok_or(gone)?;
        let attempt = self.logins.begin(&account.user.email, origin.peer)?;
        if !password::verify(present, Some(account.password_hash)).await? {
            self.logins.failed(attempt);
            return Err(AuthError::WrongPassword);
        }
        self.set_password(caller.user_id, new).await?;
        self.end_other_sessions(caller).await
    }

    /// Sends a code to the address if an account has it. The answer is the same if none has.
    pub async fn request_reset(&self, email: &str) -> Result<(), AuthError> {
        if !self.mailer.is_configured() {
            return Err(AuthError::NoMail);
        }
        match self.store.account_by_email(email).await? {
            Some(account) if !account.disabled => {
                self.mail_code(account.user.id, &account.user.email, Purpose::Reset).await
            }
            _ => Ok(()),
        }
    }

    /// Sets a new password with a mailed code, and ends all sessions. The code proves the address as well.
    pub async fn reset_password(&self, token: &str, new: String) -> Result<(), AuthError> {
        let redeemed = self.store.redeem_mailed_code(Purpose::Reset.as_str(), &hash(token)).await?;
        let (owner, email) = redeemed.ok_or(AuthError::BadCode)?;
        self.set_password(owner, new).await?;
        self.store.email_verified(owner, &email).await?;
        self.end_all_sessions(owner, None).await
    }

    async fn set_password(&self, owner: UserId, new: String) -> Result<(), AuthError> {
        let hash = password::hash(new).await?;
        Ok(self.store.set_password(owner, &hash).await?)
    }

    /// Sends the caller a code that proves the address.
    pub async fn request_verification(&self, caller: &Caller) -> Result<(), AuthError> {
        if !self.mailer.is_configured() {
            return Err(AuthError::NoMail);
        }
        let user = self.user(caller.user_id).await?;
        if user.email_verified {
            return Ok(());
        }
        self.mail_code(user.id, &user.email, Purpose::Verify).await
    }

    /// Takes a mailed code as proof of the address.
    pub async fn verify_email(&self, token: &str) -> Result<(), AuthError> {
        let redeemed = self.store.redeem_mailed_code(Purpose::Verify.as_str(), &hash(token)).await?;
        let (owner, email) = redeemed.ok_or(AuthError::BadCode)?;
        Ok(self.store.email_verified(owner, &email).await?)
    }
}
