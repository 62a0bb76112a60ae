//! HL7 v2.5 messages as SS-MIX2 stores them: one file per message family, segments with numbered fields.
//!
//! Text here is Unicode with CR after each segment; `charset` makes bytes of it. Source: SS-MIX2 標準化ストレージ仕様書,
//! fields by segment.
mod adt;
mod omd;
mod omg;
mod oml;
mod omp;
mod oru;
mod ppr;
mod segment;
mod ward;

pub(crate) use adt::{Demographics, Movement, allergies, demographics, movement};
pub(crate) use omd::meals;
pub(crate) use omg::{Film, electrocardiogram, electrocardiogram_order, film_done, film_order};
pub(crate) use oml::{Values, lab_order, lab_result};
pub(crate) use omp::{Drip, Prescription, dispensing, drip, prescription};
pub(crate) use oru::vitals;
pub(crate) use ppr::problems;
pub(crate) use segment::{Control, Desk, Order, Place};
pub(crate) use ward::{Bed, BedEvent, bed, culture, endoscopy_done, endoscopy_order, infusion_given};
