use crate::{
    crypto::{domain, sha256},
    ids::{Hash, RequestId},
    kinds::DataKind,
    limits::{CHUNK_BYTES_MAX, FETCH_BYTES_MAX, FETCH_ITEMS_MAX, TEXT_BYTES_MAX},
    time::{Date, Millis},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One record in an answer, as its holder describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Opaque name, good within this answer.
    pub id: [u8; 16],
    /// What it is.
    pub kind: DataKind,
    /// 診療日.
    pub care_date: Option<Date>,
    /// What people see in a list.
    pub title: String,
    /// When its source made it.
    pub made_at: Millis,
    /// When the holder last saw its source say that it still holds.
    pub checked_at: Millis,
    /// Number of its bytes.
    pub size: u64,
    /// [`super::digest_of`] them.
    pub digest: Hash,
}

impl Item {
    /// In how many chunks it travels.
    pub fn chunks(&self) -> u64 {
        self.size.div_ceil(CHUNK_BYTES_MAX)
    }
}

/// What a holder answers one request with: the items, in the order in which their bytes come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which request.
    pub request: RequestId,
    /// What comes.
    pub items: Vec<Item>,
    /// Sum of their sizes.
    pub total: u64,
}

/// Why a plan is not one. From a peer: its fault, nothing was fetched. At the holder: cut the answer and say so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Too many items.
    #[error("{0} items are more than the {FETCH_ITEMS_MAX} of one answer; ask for a shorter period or fewer kinds")]
    Items(usize),
    /// Too many bytes.
    #[error(
        "the items are larger than the {FETCH_BYTES_MAX} bytes of one answer; ask for a shorter period or fewer kinds"
    )]
    Bytes,
    /// The sum is not that of the items.
    #[error("the plan says {0} bytes, its items are another sum")]
    Total(u64),
    /// A title longer than any list shows.
    #[error("item {0} has a title longer than {TEXT_BYTES_MAX} bytes")]
    Title(usize),
    /// Two items of one name.
    #[error("item {0} has the id of an earlier one")]
    Twice(usize),
    /// A resume point that is not in the plan.
    #[error("item {item}, chunk {chunk} is not in the plan")]
    Resume {
        /// Which item was named.
        item: u32,
        /// Which chunk of it.
        chunk: u32,
    },
}

impl Plan {
    /// A plan within the limits.
    ///
    /// # Errors
    /// [`PlanError`] naming the first limit or item.
    pub fn new(request: RequestId, items: Vec<Item>) -> Result<Self, PlanError> {
        let total = sum(&items)?;
        let plan = Self { request, items, total };
        plan.check()?;
        Ok(plan)
    }
    /// Checks a plan that came from elsewhere. [`super::Check`] and [`super::Sender`] do it by themselves.
    ///
    /// # Errors
    /// [`PlanError`] naming the first limit or item.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.items.len() > FETCH_ITEMS_MAX {
            return Err(PlanError::Items(self.items.len()));
        }
        if sum(&self.items)? != self.total {
            return Err(PlanError::Total(self.total));
        }
        if let Some(at) = self.items.iter().position(|item| item.title.len() > TEXT_BYTES_MAX) {
            return Err(PlanError::Title(at));
        }
        // A plan has thousands of items and is checked at every border: a sorted list is half the work of a set.
        let mut ids: Vec<&[u8; 16]> = self.items.iter().map(|item| &item.id).collect();
        ids.sort_unstable();
        if ids.is_sorted_by(|one, other| one < other) {
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        let twice = self.items.iter().position(|item| !seen.insert(item.id));
        twice.map_or(Ok(()), |at| Err(PlanError::Twice(at)))
    }
    /// The hash by which receipts name it: over every field of every item.
    pub fn hash(&self) -> Hash {
        let items: Vec<Vec<u8>> = self.items.iter().map(item_bytes).collect();
        let mut parts: Vec<&[u8]> = vec![&self.request.0];
        parts.extend(items.iter().map(Vec::as_slice));
        sha256(&[&domain("plan", &parts)])
    }
}

fn sum(items: &[Item]) -> Result<u64, PlanError> {
    items
        .iter()
        .try_fold(0u64, |sum, item| sum.checked_add(item.size))
        .filter(|sum| *sum <= FETCH_BYTES_MAX)
        .ok_or(PlanError::Bytes)
}

fn item_bytes(item: &Item) -> Vec<u8> {
    domain(
        "plan-item",
        &[
            &item.id,
            item.kind.as_str().as_bytes(),
            &item.care_date.map_or(0, Date::number).to_be_bytes(),
            item.title.as_bytes(),
            &item.made_at.0.to_be_bytes(),
            &item.checked_at.0.to_be_bytes(),
            &item.size.to_be_bytes(),
            &item.digest.0,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: u8, size: u64) -> Item {
        Item {
            id: [number; 16],
            kind: DataKind::parse("OML-11").expect("a kind"),
            care_date: Date::new(2026, 4, 1),
            title: "血液検査".into(),
            made_at: Millis(1),
            checked_at: Millis(2),
            size,
            digest: Hash([number; 32]),
        }
    }

    #[test]
    fn limits_hold_at_their_edges() {
        let plan = |items| Plan::new(RequestId([1; 16]), items);
        assert!(plan(vec![item(1, FETCH_BYTES_MAX)]).is_ok());
        assert_eq!(plan(vec![item(1, FETCH_BYTES_MAX), item(2, 1)]), Err(PlanError::Bytes));
        assert_eq!(plan(vec![item(1, u64::MAX), item(2, u64::MAX)]), Err(PlanError::Bytes));
        assert_eq!(plan(vec![item(1, 5), item(1, 6)]), Err(PlanError::Twice(1)));
        let long = Item { title: "長".repeat(TEXT_BYTES_MAX), ..item(1, 1) };
        assert_eq!(plan(vec![long]), Err(PlanError::Title(0)));
        let many = (0..=FETCH_ITEMS_MAX).map(|_| item(1, 0)).collect();
        assert_eq!(plan(many), Err(PlanError::Items(FETCH_ITEMS_MAX + 1)));
    }
    #[test]
    fn a_sum_that_was_changed_is_seen() {
        let mut plan = Plan::new(RequestId([1; 16]), vec![item(1, 5)]).expect("within limits");
        plan.total = 4;
        assert_eq!(plan.check(), Err(PlanError::Total(4)));
    }
    #[test]
    fn every_field_is_in_the_hash() {
        let base = item(1, 5);
        let hash = |item: Item| Plan::new(RequestId([1; 16]), vec![item]).expect("within limits").hash();
        let changed = [
            Item { id: [9; 16], ..base.clone() },
            Item { kind: DataKind::parse("OML-01").expect("a kind"), ..base.clone() },
            Item { care_date: None, ..base.clone() },
            Item { title: "尿検査".into(), ..base.clone() },
            Item { made_at: Millis(9), ..base.clone() },
            Item { checked_at: Millis(9), ..base.clone() },
            Item { size: 6, ..base.clone() },
            Item { digest: Hash([9; 32]), ..base.clone() },
        ];
        for other in changed {
            assert_ne!(hash(base.clone()), hash(other));
        }
    }
}
