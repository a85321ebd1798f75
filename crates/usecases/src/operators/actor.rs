//! Whoever changes or reads an account from the account side, and the one place that says no.

use thiserror::Error;
use zhenren_domain::ids::{AccountId, AccountTokenId, OperatorId};
use zhenren_domain::roles::{Permission, Role, Scope};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An operator of the platform, on any account.
    Operator {
        /// Which.
        id: OperatorId,
        /// What for.
        role: Role,
    },
    /// A tenant's program, on its own account only.
    AccountToken {
        /// Which.
        id: AccountTokenId,
        /// Whose.
        account_id: AccountId,
        /// What for.
        scope: Scope,
    },
    /// Whoever sits at the machine: `zhenren admin`.
    CommandLine,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denied {
    /// Their role or scope does not cover it.
    #[error("this role may not do that")]
    NotPermitted,
    /// It belongs to another account, which looks like nothing at all (invariant I11).
    #[error("there is no such account")]
    OtherAccount,
}

impl Actor {
    /// How the audit log names them.
    pub fn name(&self) -> &str {
        match self {
            Self::Operator { id, .. } => id.as_str(),
            Self::AccountToken { id, .. } => id.as_str(),
            Self::CommandLine => "command_line",
        }
    }

    /// Whether they may do this to this account.
    pub fn may(&self, permission: Permission, account_id: &AccountId) -> Result<(), Denied> {
        match self {
            Self::AccountToken {
                account_id: own, ..
            } if own != account_id => Err(Denied::OtherAccount),
            Self::AccountToken { scope, .. } => permitted(scope.may(permission)),
            Self::Operator { role, .. } => permitted(role.may(permission)),
            Self::CommandLine => Ok(()),
        }
    }

    /// Whether they may do this to the platform as a whole; a tenant never may.
    pub fn may_everywhere(&self, permission: Permission) -> Result<(), Denied> {
        match self {
            Self::AccountToken { .. } => Err(Denied::NotPermitted),
            Self::Operator { role, .. } => permitted(role.may(permission)),
            Self::CommandLine => Ok(()),
        }
    }

    /// The operator that calls; what somebody does to their own sign-in needs no role.
    pub fn must_be_operator(&self) -> Result<&OperatorId, Denied> {
        match self {
            Self::Operator { id, .. } => Ok(id),
            Self::AccountToken { .. } | Self::CommandLine => Err(Denied::NotPermitted),
        }
    }
}

fn permitted(is_permitted: bool) -> Result<(), Denied> {
    if is_permitted {
        Ok(())
    } else {
        Err(Denied::NotPermitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reaches_its_own_account_only() {
        let own = AccountId::from_number(1);
        let other = AccountId::from_number(2);
        let token = Actor::AccountToken {
            id: AccountTokenId::from_number(1),
            account_id: own.clone(),
            scope: Scope::Manage,
        };
        assert_eq!(token.may(Permission::ManageApps, &own), Ok(()));
        assert_eq!(
            token.may(Permission::ManageApps, &other),
            Err(Denied::OtherAccount)
        );
        assert_eq!(
            token.may(Permission::MoveMoney, &own),
            Err(Denied::NotPermitted)
        );
        assert_eq!(
            token.may_everywhere(Permission::Read),
            Err(Denied::NotPermitted)
        );
        assert_eq!(
            Actor::CommandLine.may(Permission::MoveMoney, &other),
            Ok(())
        );
    }
}
