//! What the evaluators are there to prevent: tags from shares that lie in one hand. For observers who hold all of them, such as
//! the simulator's, which open every entry to see that nothing else is in it.
use super::group::hash_to_group;
use super::share::weights_at_zero;
use super::suite::{blind_with, tag_of};
use super::{Element, Mode, Share, finalize};
use crate::ids::Tag;
use curve25519_dalek::scalar::Scalar;

/// The tag of an input under the key that these shares make; as many of them as the key's threshold, of different seats.
pub fn whole_tag(shares: &[Share], input: &[u8]) -> Option<Tag> {
    let seats: Vec<_> = shares.iter().map(Share::seat).collect();
    let key: Scalar = weights_at_zero(&seats).iter().zip(shares).map(|(weight, share)| weight * share.key()).sum();
    let plain = blind_with(Mode::Voprf, input, Scalar::ONE)?;
    let evaluated = Element::new(plain.element.point() * key)?;
    Some(tag_of(&finalize(input, &plain, &evaluated)))
}

/// An input in the group without a blind: what an evaluator must never see.
pub fn unblinded(input: &[u8]) -> Option<Element> {
    hash_to_group(Mode::Voprf, input)
}

#[cfg(test)]
mod tests {
    use super::super::Seat;
    use super::super::share::Polynomial;
    use super::*;
    use crate::crypto::Secret;

    #[test]
    fn any_shares_enough_make_the_same_tag_and_others_another() {
        let polynomial = Polynomial::of_seed(&Secret::from_bytes([1; 32]), b"test", 2);
        let shares: Vec<Share> = Seat::all(3).map(|seat| polynomial.share(seat)).collect();
        let tag = whole_tag(&shares[..2], b"a").expect("fine");
        assert_eq!(whole_tag(&shares[1..], b"a"), Some(tag));
        assert_ne!(whole_tag(&shares[..1], b"a"), Some(tag));
        assert_ne!(whole_tag(&shares[..2], b"b"), Some(tag));
    }
}
