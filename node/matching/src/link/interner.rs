//! Texts as numbers: equal texts get one number, in the order they first came.

/// A growing set of texts. Number 0 is the empty text, which stands for "unknown".
#[derive(Clone, Debug)]
pub struct Interner {
    bytes: String,
    ends: Vec<u32>,
    slots: Vec<u32>,
}

impl Default for Interner {
    fn default() -> Self {
        Self { bytes: String::new(), ends: vec![0], slots: vec![FREE; SLOTS_MIN] }
    }
}

impl Interner {
    /// The number of a text; a new text gets the next one.
    pub fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let (at, found) = self.slot(text);
        if let Some(number) = found {
            return number;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(0);
        self.bytes.push_str(text);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.slots[at] = number;
        number
    }
    /// The number of a text that is known already.
    pub fn find(&self, text: &str) -> Option<u32> {
        if text.is_empty() { Some(0) } else { self.slot(text).1 }
    }
    /// The text of a number; empty for one that was never given.
    pub fn text(&self, number: u32) -> &str {
        let at = number as usize;
        match (at.checked_sub(1).and_then(|before| self.ends.get(before)), self.ends.get(at)) {
            (Some(&start), Some(&end)) => self.bytes.get(start as usize..end as usize).unwrap_or(""),
            _ => "",
        }
    }
    /// How many numbers are in use, the empty text included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether only the empty text is in it.
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }

    /// Where the text is or would be, and its number if it is there.
    fn slot(&self, text: &str) -> (usize, Option<u32>) {
        let mask = self.slots.len() - 1;
        let mut at = hash(text.as_bytes()) as usize & mask;
        loop {
            match self.slots[at] {
                FREE => return (at, None),
                number if self.text(number) == text => return (at, Some(number)),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        self.slots = vec![FREE; self.slots.len() * 2];
        let mask = self.slots.len() - 1;
        for number in 1..self.ends.len() as u32 {
            let mut at = hash(self.text(number).as_bytes()) as usize & mask;
            while self.slots[at] != FREE {
                at = (at + 1) & mask;
            }
            self.slots[at] = number;
        }
    }
}

/// 64 bits of some bytes, the same on every machine. For tables and block keys only: it keeps no secret.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut state = SEED ^ bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(state ^ u64::from_le_bytes(last))
}

/// Spreads 64 bits over 64 bits, one to one (the finaliser of splitmix64).
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Start of every hash; any odd number would do.
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const FREE: u32 = u32::MAX;
/// Slots of an empty table; a power of two.
const SLOTS_MIN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_number_however_many_there_are() {
        let mut interner = Interner::default();
        let numbers: Vec<u32> = (0..5000).map(|i| interner.intern(&format!("名{i}"))).collect();
        assert!(numbers.iter().zip(1..).all(|(&number, expected)| number == expected));
        assert_eq!(interner.intern("名4711"), numbers[4711]);
        assert_eq!((interner.text(numbers[17]), interner.find("名18"), interner.find("誰")), ("名17", Some(19), None));
    }
    #[test]
    fn the_empty_text_is_unknown() {
        let mut interner = Interner::default();
        assert_eq!((interner.intern(""), interner.text(0), interner.text(99), interner.is_empty()), (0, "", "", true));
    }
}
