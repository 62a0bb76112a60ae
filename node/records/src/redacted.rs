use serde::{Deserialize, Serialize};
use std::fmt;

/// Personal data: prints `‹redacted›` everywhere; [`Redacted::expose`] is the one way to the value.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }
    /// The value itself; never into a log, URL, metric or error.
    pub fn expose(&self) -> &T {
        &self.0
    }
    /// The value itself, owned.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}
impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_prints() {
        let name = Redacted::new("見本花子".to_owned());
        assert_eq!(format!("{name} {name:?}"), "‹redacted› ‹redacted›");
        assert_eq!(name.expose(), "見本花子");
    }
}
