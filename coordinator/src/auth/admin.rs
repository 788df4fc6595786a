//! What administrators do with accounts. Disabling or deleting one ends its sessions, tokens, streams and jobs.

use chrono::{TimeDelta, Utc};
use engunity_protocol::admin::{AccountPatch, AccountView, Invitation, NewInvitation};
use engunity_protocol::{InvitationId, UserId};
use engunity_store::AccountChange;

use super::tokens::{hash, new_secret};
use super::{Accounts, AuthError};

impl Accounts {
    /// Changes an account; `None` where there is none of that id.
    pub async fn change_account(
        &self,
        id: UserId,
        patch: &AccountPatch,
    ) -> Result<Option<AccountView>, AuthError> {
        let limits = match &patch.limits {
            None => None,
            Some(change) => Some(self.store.own_limits(id).await?.then(change)),
        };
        let changed = self.store.change_account(id, patch.role, patch.disabled, limits.as_ref()).await?;
        if patch.disabled == Some(true) && matches!(changed, AccountChange::Changed(_)) {
            self.end_authority(id).await?;
        }
        changed_account(changed)
    }

    /// Marks an account as deleted and ends its authority at once; what it has is removed by the caller and by gc. False
    /// where there is none of that id.
    pub async fn delete_account(&self, id: UserId) -> Result<bool, AuthError> {
        let deleted = changed_account(self.store.delete_account(id).await?)?.is_some();
        if deleted {
            self.end_authority(id).await?;
        }
        Ok(deleted)
    }

    async fn end_authority(&self, id: UserId) -> Result<(), AuthError> {
        self.end_all_sessions(id, None).await?;
        let ended = self.store.revoke_personal_tokens(id).await?;
        self.revocations.add(ended.iter().map(|ended| ended.authority));
        Ok(())
    }

    /// Makes an invitation. The result is the only place that ever shows its code.
    pub async fn invite(&self, new: &NewInvitation) -> Result<Invitation, AuthError> {
        let code = new_secret("engi_");
        let end = Utc::now() + TimeDelta::days(new.expires_in_days.into());
        let made = self.store.invite(&hash(&code), new.email.as_deref(), end).await?;
        Ok(Invitation { code: Some(code), ..made })
    }

    pub async fn invitations(&self) -> Result<Vec<Invitation>, AuthError> {
        Ok(self.store.invitations().await?)
    }

    /// Takes an invitation back; false where there is none of that id.
    pub async fn delete_invitation(&self, id: InvitationId) -> Result<bool, AuthError> {
        Ok(self.store.delete_invitation(id).await?)
    }
}

fn changed_account(change: AccountChange) -> Result<Option<AccountView>, AuthError> {
    match change {
        AccountChange::Changed(view) => Ok(Some(view)),
        AccountChange::NoUser => Ok(None),
        AccountChange::LastAdmin => Err(AuthError::LastAdmin),
    }
}
