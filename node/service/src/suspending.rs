//! Suspending (一時停止): what one founder does alone when the others cannot be asked, for at most 72 hours.
use crate::engine::CommandError;
use crate::keys::Share;
use crate::service::Service;
use crate::signing::SignError;
use protocol::crypto::Real;
use protocol::engine::Command;
use protocol::ids::NetworkId;
use protocol::limits::{SUSPENSION_AGAIN_MS, SUSPENSION_MS_MAX};
use protocol::state::{Suspension, Target};
use protocol::time::HOUR_MS;

/// A suspension, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspensionView {
    /// As its founder signed it.
    pub suspension: Suspension,
    /// Name of the network.
    pub network_name: String,
    /// Name of the founder; empty if the charter does not name it any more.
    pub founder_name: String,
    /// Whether it binds now.
    pub in_force: bool,
}

impl Service {
    /// Lets a member, a node or an accord rest from now on, by one founder. Peers hear of it at once and obey; it ends by itself.
    /// To make it last, k founders revoke ([`Service::revoke`]).
    ///
    /// # Errors
    /// [`SignError`]; also if it would be too long, or this founder did the same within a fortnight.
    pub fn suspend(
        &self,
        network: NetworkId,
        target: Target,
        for_ms: u64,
        reason: &str,
        share: &Share,
    ) -> Result<Suspension, SignError> {
        let (book, now) = (self.book(), self.now());
        let charter = book.charter(network).ok_or(SignError::NoCharter(network))?;
        let founder = share.public().key;
        if !charter.keys().contains(&founder) {
            return Err(SignError::NotAFounder { name: share.name.clone() });
        }
        if for_ms == 0 || for_ms > SUSPENSION_MS_MAX {
            let hours = SUSPENSION_MS_MAX / HOUR_MS;
            return refused(format!(
                "one founder suspends for at most {hours} hours; to end a membership, k founders revoke it"
            ));
        }
        let mut by_same = book.suspensions().filter(|one| one.network == network && one.founder == founder);
        if by_same.any(|one| one.target == target && now.since(one.from) < SUSPENSION_AGAIN_MS) {
            return refused(
                "this founder suspended it within the last fourteen days; another founder may, or k founders revoke it"
                    .into(),
            );
        }
        let reason = reason.chars().filter(|letter| !letter.is_control()).take(REASON_CHARS).collect();
        let suspension = Suspension { network, founder, target, from: now, until: now.plus(for_ms), reason };
        let signed = suspension.draft().sign(&Real, &[share.secret()]);
        self.ask_durably(Command::Take(vec![signed]))?;
        Ok(suspension)
    }
    /// Every suspension that is known here, newest first.
    pub fn suspensions(&self) -> Vec<SuspensionView> {
        let (book, now) = (self.book(), self.now());
        let view = |suspension: &Suspension| {
            let charter = book.charter(suspension.network);
            let founder = charter.and_then(|c| c.founders.iter().find(|founder| founder.key == suspension.founder));
            let binding = book.suspended(suspension.network, &suspension.target, suspension.from, now);
            SuspensionView {
                network_name: charter.map(|charter| charter.name.clone()).unwrap_or_default(),
                founder_name: founder.map(|founder| founder.name.clone()).unwrap_or_default(),
                in_force: binding.is_some() && suspension.is_in_force(now),
                suspension: suspension.clone(),
            }
        };
        let mut views: Vec<SuspensionView> = book.suspensions().map(view).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.suspension.from));
        views
    }
}

fn refused<T>(why: String) -> Result<T, SignError> {
    Err(CommandError::Refused(why).into())
}

/// A letter has up to four bytes, and a reason at most 512.
const REASON_CHARS: usize = 100;
