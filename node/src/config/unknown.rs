use super::keys::KEYS;
use super::raw::ConfigError;
use serde_json::Value;

/// Looks for keys that nothing reads.
pub fn check(tree: &Value) -> Result<(), ConfigError> {
    walk("", tree)
}

fn walk(path: &str, value: &Value) -> Result<(), ConfigError> {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let below = format!("{path}.");
                if KEYS.iter().any(|key| key.key == path) {
                    continue;
                }
                if !KEYS.iter().any(|key| key.key.starts_with(&below)) {
                    return Err(ConfigError::Unknown { nearest: nearest(&path), key: path });
                }
                walk(&path, value)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| walk(path, item)),
        // A table's name with a plain value: `extract` says which type was wanted.
        _ => Ok(()),
    }
}

/// The key that somebody most likely meant: by the whole path, or by the last word of it.
pub fn nearest(path: &str) -> Option<String> {
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    let score =
        |key: &str| strsim::jaro_winkler(key, path).max(strsim::jaro_winkler(&last(key), &last(path)) * LAST_WORD);
    let best = KEYS.iter().map(|key| (score(key.key), key.key)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= NEAR).then(|| best.1.to_owned())
}

/// Below this nothing is suggested: a wild guess confuses more than it helps.
const NEAR: f64 = 0.75;
/// The last word alone counts a little less than the whole path.
const LAST_WORD: f64 = 0.98;
