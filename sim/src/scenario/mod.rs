//! What is simulated: one TOML file, read strictly, its figures named and checked.
//!
//! `file` is the form on paper, `span` how lengths of time are written, `load` turns names into numbers and refuses what does
//! not fit. Scenarios of the house are part of the program: [`NAMES`], [`load_named`].
mod file;
mod load;
mod span;
mod wide;

pub use file::{AccordFile, File, NetworkFile, NodeFile, OutageFile, Pace, People, Swarm, Work};
pub use load::{AccordPlan, NAMES, Node, Scenario, ScenarioError, load, load_named, resolve};
pub use span::Span;
pub use wide::{plain, withdrawal};
