//! Who may do what to an account: the roles of operators and the scopes of account tokens, as one
//! table. Knows no passwords, tokens or rows.

/// Something that is asked of the account side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Read accounts, apps, spaces, applications, balances, records, statistics.
    Read,
    /// Read the audit log.
    ReadAudit,
    /// Make accounts and change what they are: name, settings, allow lists, limits.
    ManageAccounts,
    /// Accept the agreement in the name of the account.
    AcceptAgreement,
    /// Publish a new version of the agreement.
    PublishAgreement,
    /// Record who the holder of an account really is.
    RecordRealName,
    /// Make apps and spaces, rotate their secrets, freeze them, set allow lists.
    ManageApps,
    /// Submit an application for access.
    SubmitApplication,
    /// Approve or refuse an application, set limits and quotas.
    DecideApplication,
    /// Put money on an account, change prices and billing rules.
    MoveMoney,
    /// Make, change and disable operators.
    ManageOperators,
    /// Make and revoke tokens of an account.
    ManageTokens,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::ReadAudit,
        Self::ManageAccounts,
        Self::AcceptAgreement,
        Self::PublishAgreement,
        Self::RecordRealName,
        Self::ManageApps,
        Self::SubmitApplication,
        Self::DecideApplication,
        Self::MoveMoney,
        Self::ManageOperators,
        Self::ManageTokens,
    ];
}

/// What an operator is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Everything.
    Owner,
    /// Money and prices.
    Finance,
    /// Real names and applications.
    Reviewer,
    /// Looks, changes nothing.
    ReadOnly,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Finance, Self::Reviewer, Self::ReadOnly];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Finance => "finance",
            Self::Reviewer => "reviewer",
            Self::ReadOnly => "read_only",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether operators of this role may do it.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Owner => true,
            Self::Finance => matches!(permission, P::Read | P::ReadAudit | P::MoveMoney),
            Self::Reviewer => matches!(
                permission,
                P::Read | P::ReadAudit | P::RecordRealName | P::DecideApplication
            ),
            Self::ReadOnly => matches!(permission, P::Read | P::ReadAudit),
        }
    }
}

/// What an account token is there for; it never reaches beyond its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Runs the account: apps, secrets, spaces, applications.
    Manage,
    /// Looks, changes nothing.
    Read,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Manage, Self::Read];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manage => "manage",
            Self::Read => "read",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether tokens of this scope may do it to their own account.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            // What the operator decides about a tenant, the tenant does not decide itself.
            Self::Manage => matches!(
                permission,
                P::Read
                    | P::ReadAudit
                    | P::AcceptAgreement
                    | P::ManageApps
                    | P::SubmitApplication
                    | P::ManageTokens
            ),
            Self::Read => matches!(permission, P::Read),
        }
    }

    /// Whether everything that `other` may is allowed by this scope as well.
    pub fn covers(self, other: Self) -> bool {
        Permission::ALL
            .into_iter()
            .all(|permission| self.may(permission) || !other.may(permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
        }
    }

    #[test]
    fn a_scope_covers_what_reaches_no_further() {
        assert!(Scope::Manage.covers(Scope::Manage) && Scope::Manage.covers(Scope::Read));
        assert!(Scope::Read.covers(Scope::Read) && !Scope::Read.covers(Scope::Manage));
    }

    #[test]
    fn the_whole_table() {
        let rows = [
            ("Read", "owner finance reviewer read_only | manage read"),
            ("ReadAudit", "owner finance reviewer read_only | manage"),
            ("ManageAccounts", "owner |"),
            ("AcceptAgreement", "owner | manage"),
            ("PublishAgreement", "owner |"),
            ("RecordRealName", "owner reviewer |"),
            ("ManageApps", "owner | manage"),
            ("SubmitApplication", "owner | manage"),
            ("DecideApplication", "owner reviewer |"),
            ("MoveMoney", "owner finance |"),
            ("ManageOperators", "owner |"),
            ("ManageTokens", "owner | manage"),
        ];
        assert_eq!(rows.len(), Permission::ALL.len());
        for (permission, (name, who)) in Permission::ALL.into_iter().zip(rows) {
            assert_eq!(format!("{permission:?}"), name);
            let roles = Role::ALL
                .into_iter()
                .filter(|role| role.may(permission))
                .map(Role::name);
            let scopes = Scope::ALL
                .into_iter()
                .filter(|scope| scope.may(permission))
                .map(Scope::name);
            let found: Vec<&str> = roles.chain(["|"]).chain(scopes).collect();
            assert_eq!(found.join(" "), who, "{name}");
        }
    }
}
