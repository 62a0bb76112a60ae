use super::super::share::Polynomial;
use super::super::{Commitments, KeySet, KeySetError, Seat, Share};
use super::step::{Deal, Said, open_share};
use super::{Ceremony, DealerFault, DealerWrong, Step, StepError};
use crate::crypto::{Crypto, Secret};
use std::collections::{BTreeMap, BTreeSet};

/// What a member brings along.
#[derive(Clone)]
pub struct Own {
    /// Its seat.
    pub seat: Seat,
    /// The key that its steps are signed with.
    pub node: Secret,
    /// The key that opens what is sealed to it.
    pub seal: Secret,
    /// Fresh random bytes for this ceremony, on disk before the first step leaves: with the same seed a member that was
    /// stopped deals the same again, with another it would be a cheat.
    pub seed: Secret,
}

/// One member's side of a key generation. Feed it what others said; send them what it holds.
pub struct Keygen {
    ceremony: Ceremony,
    own: Own,
    polynomial: Polynomial,
    /// Every step, by its author and what it is about.
    steps: BTreeMap<(Seat, u8, u16), Step>,
    /// The second, different deal of a seat: the proof against it.
    second_deals: BTreeMap<Seat, Step>,
    dealt: BTreeMap<Seat, Commitments>,
    /// Shares dealt to us that hold.
    shares: BTreeMap<Seat, Share>,
    /// Complainer and dealer.
    complaints: BTreeSet<(Seat, Seat)>,
    /// Shares that dealers opened, by complainer and dealer, before they are judged.
    opened: BTreeMap<(Seat, Seat), Vec<u8>>,
    answered: BTreeSet<(Seat, Seat)>,
    faults: BTreeMap<Seat, DealerWrong>,
}

/// How far a key generation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// These seats have not dealt yet, or not answered a complaint.
    Waiting(Vec<Seat>),
    /// These dealers are proven to have cheated; no key comes of it.
    Failed(Vec<DealerFault>),
    /// Our share is whole.
    Made,
}

/// What a member ends with.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its share of the key.
    pub share: Share,
    /// The public side: equal at every member.
    pub keys: KeySet,
}

impl Keygen {
    /// Takes part: deals at once.
    ///
    /// # Errors
    /// [`KeySetError`] if such a key cannot be, or our seat is none of it.
    pub fn begin(crypto: &dyn Crypto, ceremony: Ceremony, own: Own) -> Result<Self, KeySetError> {
        ceremony.check()?;
        let polynomial = Polynomial::of_seed(&own.seed, &ceremony.id.0, ceremony.threshold);
        let deal = Deal::of(&polynomial, &own.seed, &ceremony, own.seat).ok_or(KeySetError::Seat(own.seat.number()))?;
        let mut keygen = Self {
            ceremony,
            own,
            polynomial,
            steps: BTreeMap::new(),
            second_deals: BTreeMap::new(),
            dealt: BTreeMap::new(),
            shares: BTreeMap::new(),
            complaints: BTreeSet::new(),
            opened: BTreeMap::new(),
            answered: BTreeSet::new(),
            faults: BTreeMap::new(),
        };
        keygen.say(crypto, Said::Deal(Box::new(deal)));
        Ok(keygen)
    }
    /// Takes what a member said, from whomever it came. Gives whether it was new: then others should hear it, and perhaps
    /// there is more to say ourselves.
    ///
    /// # Errors
    /// [`StepError`]; nothing changed.
    pub fn take(&mut self, crypto: &dyn Crypto, step: Step) -> Result<bool, StepError> {
        let known = self.steps.values().chain(self.second_deals.values()).any(|old| *old == step);
        if known {
            return Ok(false);
        }
        let said = step.open(crypto, &self.ceremony)?;
        let (kind, about) = said.about();
        let key = (step.seat, kind, about);
        if self.steps.contains_key(&key) {
            // What is said a second time counts only as proof that somebody dealt twice.
            let is_proof = matches!(said, Said::Deal(_)) && !self.second_deals.contains_key(&step.seat);
            if is_proof {
                self.faults.insert(step.seat, DealerWrong::TwoDeals);
                self.second_deals.insert(step.seat, step);
            }
            return Ok(is_proof);
        }
        self.steps.insert(key, step.clone());
        self.hear(crypto, step.seat, said);
        Ok(true)
    }
    /// Everything that was said, for those who have not heard it.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.values().chain(self.second_deals.values())
    }
    /// Who takes part.
    pub fn ceremony(&self) -> &Ceremony {
        &self.ceremony
    }
    /// How far it is.
    pub fn progress(&self) -> Progress {
        if !self.faults.is_empty() {
            let fault = |(seat, wrong): (&Seat, &DealerWrong)| DealerFault { seat: *seat, wrong: *wrong };
            return Progress::Failed(self.faults.iter().map(fault).collect());
        }
        let missing = self.ceremony.seats().filter(|seat| !self.dealt.contains_key(seat));
        let silent = self.complaints.difference(&self.answered).map(|(_, dealer)| *dealer);
        let waiting: BTreeSet<Seat> = missing.chain(silent).collect();
        if waiting.is_empty() { Progress::Made } else { Progress::Waiting(waiting.into_iter().collect()) }
    }
    /// The share and the key, once every share that was dealt to us holds and no complaint is open.
    pub fn made(&self) -> Option<Made> {
        if self.progress() != Progress::Made {
            return None;
        }
        let mut shares = self.shares.values();
        let mut share = shares.next()?.clone();
        shares.for_each(|other| share.add(other));
        let commitments = Commitments::sum(self.dealt.values())?;
        let holds = self.shares.len() == self.ceremony.members.len() && commitments.holds(&share);
        let keys = KeySet::new(commitments, self.ceremony.members.len()).ok()?;
        holds.then_some(Made { share, keys })
    }

    fn say(&mut self, crypto: &dyn Crypto, said: Said) {
        let step = Step::sign(crypto, &self.own.node, self.ceremony.id, self.own.seat, &said);
        let (kind, about) = said.about();
        self.steps.insert((self.own.seat, kind, about), step);
        self.hear(crypto, self.own.seat, said);
    }
    fn hear(&mut self, crypto: &dyn Crypto, from: Seat, said: Said) {
        match said {
            Said::Deal(deal) => self.dealt(crypto, from, &deal),
            Said::Complaint { dealer } => {
                self.complaints.insert((from, dealer));
                if dealer == self.own.seat {
                    let share = self.polynomial.share(from).expose().to_vec();
                    self.say(crypto, Said::Answer { complainer: from, share });
                }
            }
            Said::Answer { complainer, share } => {
                self.opened.insert((complainer, from), share);
            }
        }
        self.judge_answers();
    }
    fn dealt(&mut self, crypto: &dyn Crypto, dealer: Seat, deal: &Deal) {
        match deal.check(&self.ceremony, dealer) {
            Err(wrong) => {
                self.faults.insert(dealer, wrong);
            }
            Ok(commitments) => {
                let me = self.own.seat;
                let sealed = deal.sealed.get(me.at()).map_or(&[][..], Vec::as_slice);
                let share = open_share(&self.own.seal, sealed, self.ceremony.id, (dealer, me));
                let share = share.filter(|share| commitments.holds(share));
                self.dealt.insert(dealer, commitments);
                match share {
                    Some(share) => {
                        self.shares.insert(dealer, share);
                    }
                    None => self.say(crypto, Said::Complaint { dealer }),
                }
            }
        }
    }
    /// Looks at opened shares whose deal is here: one for us is our share, one that does not hold is a proof.
    fn judge_answers(&mut self) {
        let (ready, later) =
            std::mem::take(&mut self.opened).into_iter().partition(|((_, d), _)| self.dealt.contains_key(d));
        self.opened = later;
        let ready: BTreeMap<(Seat, Seat), Vec<u8>> = ready;
        for ((complainer, dealer), bytes) in ready {
            let Some(commitments) = self.dealt.get(&dealer) else { continue };
            match Share::from_bytes(complainer, &bytes).filter(|share| commitments.holds(share)) {
                Some(share) => {
                    self.answered.insert((complainer, dealer));
                    if complainer == self.own.seat {
                        self.shares.entry(dealer).or_insert(share);
                    }
                }
                None => {
                    self.faults.entry(dealer).or_insert(DealerWrong::Answer);
                }
            }
        }
    }
}
