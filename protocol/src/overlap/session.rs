use super::{Answer, Ask, Outcome, Stated, Statement as _, Terms, Told};
use crate::crypto::Crypto;
use crate::ids::{Hash, NetworkId, NodeKey, PublicKey};
use crate::limits::{CLOCK_TOLERANCE_MS, OVERLAP_PERIOD_MS, OVERLAP_RUNS_MAX};
use crate::time::{Date, Millis};
use serde::{Deserialize, Serialize};

/// A count that a node took part in, whichever side it was on and however it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Of which terms.
    pub terms: Terms,
    /// When this node took part.
    pub at: Millis,
}

/// How far a count is at this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// This node asked and waits for the answer.
    Asked,
    /// This node answered and waits for the number.
    Answered {
        /// Hash of the answer.
        answer: Hash,
    },
    /// The number is known; nothing more is done.
    Told(Told),
}

/// One count at one of the two nodes that merge and count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its terms.
    pub terms: Terms,
    /// Hash of the ask.
    pub ask: Hash,
    /// The node that counts.
    pub node: NodeKey,
    /// How many points the ask shows.
    pub points: u32,
    /// How far it is.
    pub stage: Stage,
}

/// Why a step is not taken. Nothing was changed or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Own and other network are one.
    #[error("a count is between two networks; this is your own")]
    SameNetwork,
    /// The terms name another network than this node is in, or than the charter at hand is of.
    #[error("this count is between other networks than this node's and the one whose charter was given")]
    WrongNetwork,
    /// No founder of the network that it should be from signed just this.
    #[error("no founder of that network signed this, or it was changed since")]
    Signature,
    /// The other side brings names into other forms.
    #[error("the other side recognises patients by another rule or version; both nodes need the same release")]
    Rules,
    /// Begun too long ago, or in the future.
    #[error("this was begun too long ago, or a clock is wrong: it is of {0}")]
    Old(Date),
    /// This node took part in it already: an ask is answered once.
    #[error("this node took part in this count already; an ask is answered once")]
    Replayed,
    /// The two networks counted as often as they may.
    #[error(
        "these two networks counted {OVERLAP_RUNS_MAX} times within {days} days, and differences between counts would tell of single \
         patients; the next count is possible from {0}",
        days = OVERLAP_PERIOD_MS / crate::time::DAY_MS
    )]
    TooOften(Date),
    /// Of another count, or a step that was taken already.
    #[error("this does not belong to what was asked or answered here, or that step was taken already")]
    Step,
    /// The answer holds more or fewer raised points than were asked.
    #[error("the answer raises {have} points where {need} were asked; the other side must answer anew")]
    Points {
        /// As many came.
        have: usize,
        /// As many were asked.
        need: u32,
    },
}

/// Whether one more count of these terms may begin here now.
///
/// # Errors
/// [`Refused`].
pub fn check_begin(terms: &Terms, past: &[Begun], now: Millis) -> Result<(), Refused> {
    if terms.asker == terms.partner {
        return Err(Refused::SameNetwork);
    }
    if terms.at > now.plus(CLOCK_TOLERANCE_MS) || now.since(terms.at) >= OVERLAP_PERIOD_MS {
        return Err(Refused::Old(terms.at.date_jst()));
    }
    let mut counted: Vec<Millis> = past
        .iter()
        .filter(|begun| begun.terms.pair() == terms.pair() && begun.terms != *terms)
        .map(|begun| begun.at)
        .filter(|at| now.since(*at) < OVERLAP_PERIOD_MS)
        .collect();
    counted.sort_unstable();
    match counted.len().checked_sub(OVERLAP_RUNS_MAX).and_then(|first| counted.get(first)) {
        Some(at) => Err(Refused::TooOften(at.plus(OVERLAP_PERIOD_MS).date_jst())),
        None => Ok(()),
    }
}

impl Session {
    /// This node asks.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn asked(ask: &Ask, past: &[Begun], now: Millis) -> Result<Self, Refused> {
        Self::of(ask, Stage::Asked, past, now)
    }
    /// Whether this node may answer an ask: it is for one of its networks, by a founder of the other, and neither of long ago nor
    /// one too many.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn check_ask(
        crypto: &dyn Crypto,
        ask: &Stated<Ask>,
        (own, founders): (&[NetworkId], &[PublicKey]),
        past: &[Begun],
        now: Millis,
    ) -> Result<(), Refused> {
        if !own.contains(&ask.says.terms.partner) {
            return Err(Refused::WrongNetwork);
        }
        if !ask.is_by(crypto, founders) {
            return Err(Refused::Signature);
        }
        Self::of(&ask.says, Stage::Asked, past, now).map(drop)
    }
    /// This node answered what [`Session::check_ask`] let pass.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn answered(ask: &Ask, answer: &Answer, past: &[Begun], now: Millis) -> Result<Self, Refused> {
        if answer.ask != ask.hash() {
            return Err(Refused::Step);
        }
        Self::of(ask, Stage::Answered { answer: answer.hash() }, past, now)
    }
    fn of(ask: &Ask, stage: Stage, past: &[Begun], now: Millis) -> Result<Self, Refused> {
        if past.iter().any(|begun| begun.terms == ask.terms) {
            return Err(Refused::Replayed);
        }
        check_begin(&ask.terms, past, now)?;
        Ok(Self { terms: ask.terms.clone(), ask: ask.hash(), node: ask.node, points: ask.points, stage })
    }
    /// Whether an answer is to what was asked here, by a founder of the network that was asked, with as many points.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn check_answer(
        &self,
        crypto: &dyn Crypto,
        answer: &Stated<Answer>,
        (founders, raised): (&[PublicKey], usize),
    ) -> Result<(), Refused> {
        if self.stage != Stage::Asked || answer.says.ask != self.ask {
            return Err(Refused::Step);
        }
        if !answer.is_by(crypto, founders) {
            return Err(Refused::Signature);
        }
        if u32::try_from(raised) != Ok(self.points) {
            return Err(Refused::Points { have: raised, need: self.points });
        }
        Ok(())
    }
    /// So many points were equal: what is told of it ends the count.
    ///
    /// # Errors
    /// [`Refused::Step`] if it had ended already.
    pub fn count(&mut self, answer: &Answer, common: usize) -> Result<Outcome, Refused> {
        if self.stage != Stage::Asked || answer.ask != self.ask {
            return Err(Refused::Step);
        }
        let told = Told::of(common);
        self.stage = Stage::Told(told);
        Ok(Outcome { answer: answer.hash(), told })
    }
    /// What the asker's node counted.
    ///
    /// # Errors
    /// [`Refused`] if it is not of this count, or not by that node.
    pub fn hear(&mut self, crypto: &dyn Crypto, outcome: &Stated<Outcome>) -> Result<Told, Refused> {
        if self.stage != (Stage::Answered { answer: outcome.says.answer }) {
            return Err(Refused::Step);
        }
        if !outcome.is_by(crypto, &[PublicKey(self.node.0)]) {
            return Err(Refused::Signature);
        }
        self.stage = Stage::Told(outcome.says.told);
        Ok(outcome.says.told)
    }
}
