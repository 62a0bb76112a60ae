//! Staff: who may do what, and how a person proves who they are to this node.
//!
//! Read `acting` first ([`Staff`], who a use case is told acts), then `roles` (one table: who may do what), `account` (a person
//! known here) and `session`. [`Accounts`] is the way in: `entering` (set-up link, password, second factor, one-time codes),
//! `passkey` (WebAuthn), `proving` (both factors for one act), `own` (own settings) and `managing` (for the administrator), over `secret`, `totp`, `throttle` (growing delays) and `import`
//! (lists from a spreadsheet). Everything lies in the tree `staff`; logins and session numbers stand there as keyed hashes only.
mod account;
mod accounts;
mod acting;
mod entering;
mod fault;
mod import;
mod managing;
mod own;
mod passkey;
mod proving;
mod roles;
mod secret;
mod session;
#[cfg(test)]
mod tests;
mod throttle;
mod totp;

pub use account::{AccountRow, AccountState, Login, NewAccount, StaffNumber, Typed};
pub use accounts::Accounts;
pub use acting::{Staff, StaffError};
pub use entering::{Attempt, Entered, Refusal};
pub use fault::{AccountError, TextFault};
pub use import::{Fate, ImportLine, Preview, csv_of};
pub use managing::{Made, Reset};
pub use own::OwnView;
pub use passkey::{NewPasskey, PasskeyAnswer, PasskeyAsk, PasskeyFault, PasskeyRow, RelyingParty};
pub use proving::Proven;
pub use roles::{Right, may, rights_of, roles_page};
pub use secret::PasswordFault;
pub use session::{Device, SessionId, Stage, Visitor};
#[cfg(any(test, feature = "testing"))]
pub use totp::code_of;
