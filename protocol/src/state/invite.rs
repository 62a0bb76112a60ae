use crate::crypto::{mac, sha256};
use crate::ids::{FacilityId, Hash, NetworkId, PrintedError, from_printed, to_printed};
use crate::limits::{ADDRESSES_MAX, TEXT_BYTES_MAX};
use crate::time::Millis;

/// An invitation to ask for membership. It lets one *ask*; k founders admit, so a stolen paper gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Which network; its charter is checked against this.
    pub network: NetworkId,
    /// 80 bits; the invite's name is their hash.
    pub secret: [u8; 10],
    /// Whom the office expects.
    pub facility: FacilityId,
    /// Not valid from here on.
    pub until: Millis,
    /// Addresses of members to ask (multiaddr with peer id).
    pub contacts: Vec<String>,
}

/// Why an invite's text cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// A typing mistake.
    #[error("the invite has a mistake: {0}. Compare that group with the paper")]
    Printed(#[from] PrintedError),
    /// The groups are right, but they are not an invite of this version.
    #[error("this is not a Musubi invite; it should start with {PREFIX}")]
    Foreign,
}

/// The hash under which an invite's secret is known; safe to publish.
pub fn invite_hash(secret: &[u8; 10]) -> Hash {
    sha256(&[b"musubi/invite", secret])
}

impl Invite {
    /// The invite's public name.
    pub fn id(&self) -> Hash {
        invite_hash(&self.secret)
    }
    /// Proves, for exactly these bytes of a request, that the asker has the secret.
    pub fn proof(&self, body: &[u8]) -> [u8; 32] {
        mac(&self.secret, &[b"join", body])
    }
    /// As text with check letters in each group.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.network.0);
        bytes.extend(self.secret);
        bytes.extend(self.facility.as_bytes());
        bytes.extend(self.until.0.to_be_bytes());
        for contact in self.contacts.iter().take(ADDRESSES_MAX) {
            let contact = &contact.as_bytes()[..contact.len().min(TEXT_BYTES_MAX)];
            bytes.extend((contact.len() as u16).to_be_bytes());
            bytes.extend(contact);
        }
        format!("{PREFIX}{}", to_printed(&bytes))
    }
    /// Reads what [`Self::to_text`] wrote; spaces, hyphens, line ends and case do not matter.
    ///
    /// # Errors
    /// [`InviteError`] naming the group with a mistake.
    pub fn parse(text: &str) -> Result<Self, InviteError> {
        let trimmed: String = text.split_whitespace().collect();
        let body = trimmed
            .get(PREFIX.len()..)
            .filter(|_| trimmed.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)));
        let bytes = from_printed(body.ok_or(InviteError::Foreign)?)?;
        Self::from_bytes(&bytes).ok_or(InviteError::Foreign)
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION || rest.len() < 60 {
            return None;
        }
        let mut contacts = Vec::new();
        let mut tail = &rest[60..];
        while !tail.is_empty() {
            let len = usize::from(u16::from_be_bytes(tail.get(..2)?.try_into().ok()?));
            let contact = std::str::from_utf8(tail.get(2..2 + len)?).ok()?;
            if contacts.len() == ADDRESSES_MAX || len > TEXT_BYTES_MAX {
                return None;
            }
            contacts.push(contact.to_owned());
            tail = &tail[2 + len..];
        }
        Some(Self {
            network: NetworkId(rest[..32].try_into().ok()?),
            secret: rest[32..42].try_into().ok()?,
            facility: FacilityId::parse(std::str::from_utf8(&rest[42..52]).ok()?).ok()?,
            until: Millis(u64::from_be_bytes(rest[52..60].try_into().ok()?)),
            contacts,
        })
    }
}

const PREFIX: &str = "musubi:";
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn invite() -> Invite {
        Invite {
            network: NetworkId([7; 32]),
            secret: [3; 10],
            facility: FacilityId::parse("0312345678").expect("ten digits"),
            until: Millis(1_800_000_000_000),
            contacts: vec!["/ip4/127.0.0.1/udp/4001/quic-v1".into(), "/ip4/127.0.0.1/tcp/4001".into()],
        }
    }
    #[test]
    fn an_invite_survives_paper() {
        let text = invite().to_text();
        assert_eq!(Invite::parse(&text.to_lowercase().replace('-', " ")), Ok(invite()));
    }
    #[test]
    fn a_mistyped_letter_names_its_group() {
        let text = invite().to_text();
        let wrong = if &text[13..14] == "C" { "D" } else { "C" };
        let text = format!("{}{wrong}{}", &text[..13], &text[14..]);
        assert!(matches!(Invite::parse(&text), Err(InviteError::Printed(PrintedError::Check(2, _)))), "{text}");
        assert_eq!(Invite::parse("hello"), Err(InviteError::Foreign));
    }
    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(musubi:)?[A-Z2-7 -]{0,200}") { let _ = Invite::parse(&text); }
    }
}
