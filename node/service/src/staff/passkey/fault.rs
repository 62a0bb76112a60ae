/// Why a passkey was not accepted. The log says which; the page says only that it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    /// What the browser sent is no such answer, or cut off.
    #[error("the answer cannot be read")]
    Form,
    /// An answer to something else: made in the place of used, or the other way round.
    #[error("the answer is of another kind")]
    Kind,
    /// Not the challenge that stands open here: old, used, or of another session.
    #[error("the challenge is not open")]
    Challenge,
    /// It was given to another page.
    #[error("alarm: given to another origin")]
    Origin,
    /// It is for another name.
    #[error("alarm: made for another relying party")]
    Party,
    /// Nobody touched the authenticator.
    #[error("nobody was present")]
    Absent,
    /// The authenticator asked for neither PIN nor finger.
    #[error("the user was not verified")]
    Unverified,
    /// A kind of key that is not taken here.
    #[error("the key is of an unknown kind")]
    Algorithm,
    /// No passkey of this account.
    #[error("no passkey of this account")]
    Unknown,
    /// It was blocked.
    #[error("the passkey is blocked")]
    Blocked,
    /// The signature.
    #[error("the signature is wrong")]
    Signature,
    /// The counter did not go on, so two authenticators have this key.
    #[error("alarm: the counter went back, so a copy of this passkey exists; blocked")]
    Counter,
    /// It is registered already.
    #[error("registered already")]
    Taken,
    /// There are too many of one person.
    #[error("too many passkeys")]
    Full,
    /// The name for it.
    #[error("the name is empty, too long or not plain text")]
    Name,
}
