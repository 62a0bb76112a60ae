//! Several ordered sources read as one: the newest write of a key wins, and what it removed is not there.
use protocol::data::{Space, Write};

/// Gives its writes in order of space and key, each key once; none at its end.
pub(crate) type Source<'a, E> = Box<dyn FnMut() -> Result<Option<Write>, E> + 'a>;

/// Space, key and value of a pair.
pub(crate) type Entry = (Space, Vec<u8>, Vec<u8>);

/// Sources, oldest first.
pub(crate) struct Merge<'a, E> {
    sources: Vec<Source<'a, E>>,
    heads: Vec<Option<Write>>,
}

impl<'a, E> Merge<'a, E> {
    /// Reads the first write of each.
    pub(crate) fn new(mut sources: Vec<Source<'a, E>>) -> Result<Self, E> {
        let heads = sources.iter_mut().map(|source| source()).collect::<Result<_, E>>()?;
        Ok(Self { sources, heads })
    }

    /// The next pair that is there.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, E> {
        loop {
            let Some(least) = self.least() else { return Ok(None) };
            let mut newest = None;
            for (source, head) in self.sources.iter_mut().zip(&mut self.heads) {
                if head.as_ref().is_some_and(|write| (write.space, &write.key) == (least.0, &least.1)) {
                    newest = head.take();
                    *head = source()?;
                }
            }
            if let Some(Write { space, key, value: Some(value) }) = newest {
                return Ok(Some((space, key, value)));
            }
        }
    }

    fn least(&self) -> Option<(Space, Vec<u8>)> {
        let heads = self.heads.iter().flatten();
        heads.map(|write| (write.space, &write.key)).min().map(|(space, key)| (space, key.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    type Layer = BTreeMap<(u8, Vec<u8>), Option<u8>>;

    proptest! {
        #[test]
        fn merging_is_laying_one_over_the_other(layers in proptest::collection::vec(
            proptest::collection::btree_map((0u8..3, proptest::collection::vec(0u8..3, 0..3)), any::<Option<u8>>(), 0..12), 0..5,
        )) {
            let mut expect: BTreeMap<(u8, Vec<u8>), u8> = BTreeMap::new();
            for (at, value) in layers.iter().flatten() {
                match value {
                    Some(value) => expect.insert(at.clone(), *value),
                    None => expect.remove(at),
                };
            }
            let source = |layer: Layer| -> Source<'static, Infallible> {
                let mut writes = layer.into_iter();
                Box::new(move || Ok(writes.next().map(|((space, key), value)| Write {
                    space: Space::from_code(space).unwrap(), key, value: value.map(|v| vec![v]),
                })))
            };
            let mut merge = Merge::new(layers.into_iter().map(source).collect()).unwrap();
            let mut found = Vec::new();
            while let Ok(Some((space, key, value))) = merge.next() {
                found.push(((space as u8, key), value[0]));
            }
            prop_assert_eq!(found, expect.into_iter().collect::<Vec<_>>());
        }
    }
}
