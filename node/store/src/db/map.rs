//! An ordered map in memory.
use super::{Change, Db, DbError, Pair};
use protocol::data::Space;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// The index as one ordered map: for the simulator and for tests.
#[derive(Debug, Default)]
pub struct MapDb {
    pairs: RwLock<Pairs>,
}

type Pairs = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

impl Db for MapDb {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        Ok(self.pairs.read().unwrap_or_else(PoisonError::into_inner).get(&(space, key.to_vec())).cloned())
    }

    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, DbError> {
        let pairs = self.pairs.read().unwrap_or_else(PoisonError::into_inner);
        let found = pairs
            .range((space, from.max(prefix).to_vec())..)
            .take_while(|((at, key), _)| *at == space && key.starts_with(prefix))
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()));
        Ok(found.collect())
    }

    fn apply(&self, changes: Vec<(Space, Vec<Change>)>) -> Result<(), DbError> {
        let mut pairs = self.pairs.write().unwrap_or_else(PoisonError::into_inner);
        for (space, changes) in changes {
            for (key, value) in changes {
                match value {
                    Some(value) => pairs.insert((space, key), value),
                    None => pairs.remove(&(space, key)),
                };
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), DbError> {
        Ok(())
    }
}
