use super::limits::TEXT_BYTES_MAX;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of a workspace by their path from its root, with `/` between folders.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<String, String>);

/// Why the workspace could not be read.
#[derive(Debug)]
pub struct TreeError {
    /// Which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

impl std::fmt::Display for TreeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; run the test from a readable checkout", self.path.display(), self.source)
    }
}
impl std::error::Error for TreeError {}

impl Tree {
    /// Reads a workspace. Build output, hidden folders (except `.ci`) and links are left out. Of pictures and other files
    /// that are not text, or too long, only the name is there.
    ///
    /// # Errors
    /// [`TreeError`] with the first path that could not be read.
    pub fn load(root: &Path) -> Result<Self, TreeError> {
        let mut tree = Self::default();
        tree.walk(root, root)?;
        Ok(tree)
    }
    /// The file at this path.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
    /// All files in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
    /// All Rust files that people write: without generated ones.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs") && !path.contains("/generated/"))
    }

    fn walk(&mut self, root: &Path, folder: &Path) -> Result<(), TreeError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| TreeError { path, source }
        };
        for entry in std::fs::read_dir(folder).map_err(at(folder))? {
            let entry = entry.map_err(at(folder))?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let kind = entry.file_type().map_err(at(&path))?;
            let hidden = name.starts_with('.') && name != ".ci";
            if kind.is_dir() && !hidden && name != "target" {
                self.walk(root, &path)?;
            } else if kind.is_file() && !hidden {
                let is_short = entry.metadata().map_err(at(&path))?.len() <= TEXT_BYTES_MAX;
                let bytes = if is_short { std::fs::read(&path).map_err(at(&path))? } else { Vec::new() };
                if let Ok(short) = path.strip_prefix(root) {
                    let text = String::from_utf8(bytes).unwrap_or_default();
                    self.0.insert(short.to_string_lossy().replace('\\', "/"), text);
                }
            }
        }
        Ok(())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Tree {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect())
    }
}
