//! The planted bugs that the checks must find, and how each is looked for (switched on only with the feature `plants`).
use crate::check::Invariant;
use crate::run::{Options, Stopped, run};
use crate::scenario::Scenario;

/// A mistake that somebody could make, and the check that must find it.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    /// Its number in the design of the simulator.
    pub id: &'static str,
    /// What the code does then.
    pub mistake: &'static str,
    /// The invariant that it breaks.
    pub invariant: Invariant,
    /// The scenario that shows it, where the usual one cannot.
    pub scenario: Option<&'static str>,
}

/// All of them; one that breaks two invariants stands here twice.
pub const PLANTS: [Plant; 25] = [
    plant("P01", "no consent check within one network", Invariant::I01),
    plant("P02", "consent by patient, but not by kind", Invariant::I01),
    plant("P03", "a consent never ends", Invariant::I01),
    plant("P04", "the purpose is ignored", Invariant::I01),
    plant("P05", "standing is looked at only when greeting", Invariant::I01),
    plant("P06", "an accord never ends", Invariant::I01),
    plant("P06", "an accord never ends", Invariant::I08),
    plant("P07", "the answer leaves before its leaf is on disk", Invariant::I26),
    plant("P08", "a running transfer goes on after a withdrawal", Invariant::I03),
    plant("P09", "a withdrawal is acknowledged before it is durable", Invariant::I03),
    plant("P10", "a diagnosis in the place of the consent in an index entry", Invariant::I04),
    plant("P11", "a name in the text of a refusal", Invariant::I05),
    plant("P12", "answers are not padded to one size", Invariant::I06),
    plant("P12", "answers are not padded to one size", Invariant::I07),
    plant("P13", "shelves go to whoever asks", Invariant::I08),
    plant("P14", "what was fetched lies among what is served", Invariant::I09),
    plant("P15", "the period of the request is ignored", Invariant::I10),
    plant("P34", "the answer leaves although the disk took no leaf", Invariant::I26),
    plant("P65", "the right to emergency reads never lapses", Invariant::I44),
    plant("P66", "an emergency read is served and its holder's desk hears nothing", Invariant::I02),
    plant("P67", "a suspension binds nobody", Invariant::I01),
    Plant {
        scenario: Some("withdrawal-30"),
        ..plant("P23", "a node that was off shows at once what it knew before", Invariant::L04)
    },
    Plant {
        scenario: Some("bad-neighbours"),
        ..plant("P17", "the signature of a request is not looked at", Invariant::I11)
    },
    Plant {
        scenario: Some("bad-neighbours"),
        ..plant("P31", "digests of what comes are not looked at", Invariant::I22)
    },
    Plant {
        scenario: Some("evaluators"),
        ..plant("P41", "every identity string is blinded with the same number", Invariant::I41)
    },
];

/// Seeds after which a plant counts as not found.
pub const SEEDS_MAX: u64 = 200;

const fn plant(id: &'static str, mistake: &'static str, invariant: Invariant) -> Plant {
    Plant { id, mistake, invariant, scenario: None }
}

/// Whether this build can plant anything: only with the feature `plants`, and there signatures may cost nothing too.
pub const CAN_PLANT: bool = cfg!(feature = "plants");

/// Where a plant was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The first seed that shows it.
    pub seed: u64,
    /// How the run with it ended.
    pub stopped: Stopped,
}

/// Runs seeds from 1 on with one bug planted until the check of its invariant, alone, finds it; none also if this build can
/// plant nothing.
pub fn find(scenario: &Scenario, plant: &Plant) -> Option<Found> {
    let options = Options { only: Some(plant.invariant), ..Options::default() };
    let first =
        || (1..=SEEDS_MAX).find_map(|seed| Some(Found { seed, stopped: run(scenario, seed, options).stopped? }));
    planted(Some(plant.id), first).flatten()
}

/// Does something with this bug planted, in this thread and for so long; none if it names one and this build can plant nothing.
#[cfg(feature = "plants")]
pub fn planted<T>(id: Option<&str>, work: impl FnOnce() -> T) -> Option<T> {
    id.into_iter().for_each(protocol::plants::plant);
    let done = work();
    protocol::plants::clear();
    Some(done)
}
/// Does something, if no bug is named: this build can plant nothing.
#[cfg(not(feature = "plants"))]
pub fn planted<T>(id: Option<&str>, work: impl FnOnce() -> T) -> Option<T> {
    id.is_none().then(work)
}
