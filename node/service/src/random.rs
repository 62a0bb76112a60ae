//! Randomness of the operating system: keys, secrets and names that nobody may guess.

/// Fresh random bytes.
///
/// # Panics
/// If the operating system gives none: a key made of anything else would be worse than a stopped node.
pub(crate) fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}
