//! The one clinical model: what every source format becomes and what every screen and export is made from.
//!
//! [`Clinical`] is one record; its parts lie in one file per subject. Values are kept as they were sent (amounts and results
//! are texts, never floats); words for codes come from [`crate::codes`]. No type here prints its content: `Debug` names it only.
mod allergy;
mod clinical;
mod code;
mod document;
mod drug;
mod exam;
mod generic;
mod lab;
mod line;
mod meal;
mod micro;
mod patient;
mod problem;
mod silent;
mod stay;
mod visit;

pub use allergy::{Allergies, Allergy};
pub use clinical::Clinical;
pub use code::{Amount, Code, OtherCode};
pub use document::{About, Document, DocumentFile};
pub use drug::{Drug, DrugGroup, DrugSystem, Infusion, Injection, Prescription, Stage, Usage};
pub use exam::{Finding, Imaging, Physiology, Procedure};
pub use generic::{Generic, GenericSegment};
pub use lab::{LabItem, LabReport, LabRow, LabStatus, ParentResult};
pub use line::{Line, LineKind, Mark};
pub use meal::{Meal, MealOrder};
pub use micro::{Culture, Susceptibility};
pub use patient::{Address, Contact, Insurance, NameForm, Patient, PersonName, Phone, Sex};
pub use problem::{Disease, Problems};
pub use stay::{Leave, Stay, StayGap, StayPlace, stays};
pub use visit::{Visit, VisitEvent};

pub(crate) use silent::silent;
