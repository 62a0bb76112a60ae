//! Taking back (取消し): a membership, a node key or an accord, by k founders of a network.
use crate::keys::Share;
use crate::service::Service;
use crate::signing::{SignError, Signing, next_seq};
use protocol::crypto::Real;
use protocol::ids::NetworkId;
use protocol::limits::TEXT_BYTES_MAX;
use protocol::state::{Object, ObjectKind, Revocation, Target};

impl Service {
    /// Takes back what `target` names, from now on, and tells every peer at once when k founders have signed. With fewer
    /// shares it waits for the others like every proposal. `reason` is for operators and without personal data.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn revoke(
        &self,
        network: NetworkId,
        target: Target,
        reason: &str,
        shares: &[Share],
    ) -> Result<Signing, SignError> {
        let begun = self.proposals().into_iter().find(
            |signing| matches!(&signing.object, Object::Revocation(r) if r.network == network && r.target == target),
        );
        if let Some(begun) = begun {
            return self.sign_proposal(begun.hash, shares);
        }
        let seq = next_seq(&self.book(), ObjectKind::Revocation, &Revocation::subject(network, &target));
        let reason = cut(reason, TEXT_BYTES_MAX).to_owned();
        let revocation = Revocation { network, target, effective: self.now(), reason };
        let signed = self.add_shares(revocation.draft(seq).sign(&Real, &[]), shares)?;
        self.propose(signed)
    }
}

/// The longest beginning of `text` within so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_letters() {
        assert_eq!(cut("退会のため", 7), "退会");
        assert_eq!(cut("left", 99), "left");
    }
}
