//! Disaster mode (災害モード): declared and ended by founders, for an area and with an end that needs nobody.
use crate::engine::CommandError;
use crate::keys::Share;
use crate::service::Service;
use crate::signing::{SignError, Signing, next_seq, signing};
use protocol::crypto::Real;
use protocol::engine::Command;
use protocol::ids::NetworkId;
use protocol::limits::{DISASTER_MS_MAX, DISASTER_ONE_MS_MAX};
use protocol::state::{Disaster, ObjectKind};
use protocol::time::{DAY_MS, HOUR_MS};

/// What founders declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisasterSpec {
    /// Which network.
    pub network: NetworkId,
    /// Beginnings of facility numbers; none: everywhere.
    pub area: Vec<String>,
    /// For how long.
    pub for_ms: u64,
    /// What happened.
    pub reason: String,
    /// One founder declares it alone, for at most a day.
    pub is_alone: bool,
}

/// A declared disaster that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisasterView {
    /// As it was signed.
    pub disaster: Disaster,
    /// Name of the network.
    pub network_name: String,
}

impl Service {
    /// Declares a disaster. By k founders it waits for their signatures as every proposal; by one alone it holds at once.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn declare_disaster(&self, spec: &DisasterSpec, shares: &[Share]) -> Result<Signing, SignError> {
        let now = self.now();
        let most = if spec.is_alone { DISASTER_ONE_MS_MAX } else { DISASTER_MS_MAX };
        if spec.for_ms == 0 || spec.for_ms > most {
            return refused(format!(
                "a disaster is declared by k founders for at most {} days, by one alone for at most {} hours",
                DISASTER_MS_MAX / DAY_MS,
                DISASTER_ONE_MS_MAX / HOUR_MS
            ));
        }
        let founder = match (spec.is_alone, shares) {
            (true, [one]) => Some(one.public().key),
            (true, _) => return refused("alone means with one share".into()),
            (false, _) => None,
        };
        let disaster = Disaster {
            network: spec.network,
            founder,
            area: spec.area.clone(),
            from: now,
            until: now.plus(spec.for_ms),
            reason: spec.reason.chars().filter(|letter| !letter.is_control()).take(REASON_CHARS).collect(),
        };
        self.offer_disaster(&disaster, shares)
    }
    /// Ends what k founders declared, before its date.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn end_disaster(&self, network: NetworkId, shares: &[Share]) -> Result<Signing, SignError> {
        let (book, now) = (self.book(), self.now());
        let declared = book.disasters(network, now).find(|disaster| disaster.founder.is_none()).cloned();
        let Some(declared) = declared else {
            return refused(
                "no disaster is declared by k founders; what one founder declared ends within a day".into(),
            );
        };
        let until = now.max(declared.from.plus(1));
        self.offer_disaster(&Disaster { until, ..declared }, shares)
    }
    fn offer_disaster(&self, disaster: &Disaster, shares: &[Share]) -> Result<Signing, SignError> {
        let seq = next_seq(&self.book(), ObjectKind::Disaster, &disaster.subject());
        let signed = self.add_shares(disaster.draft(seq).sign(&Real, &[]), shares)?;
        if disaster.founder.is_none() {
            return self.propose(signed);
        }
        self.ask_durably(Command::Take(vec![signed.clone()]))?;
        signing(&self.charters(), signed)
    }
    /// Disasters that are declared and not over, in all networks known here.
    pub fn disasters(&self) -> Vec<DisasterView> {
        let (book, now) = (self.book(), self.now());
        let of = |(network, charter): (NetworkId, &protocol::state::Charter)| {
            let view =
                |disaster: &Disaster| DisasterView { disaster: disaster.clone(), network_name: charter.name.clone() };
            book.disasters(network, now).map(view).collect::<Vec<_>>()
        };
        book.networks().flat_map(of).collect()
    }
}

fn refused<T>(why: String) -> Result<T, SignError> {
    Err(CommandError::Refused(why).into())
}

const REASON_CHARS: usize = 100;
