use super::*;
use crate::disk::VirtualDisk;
use crate::limits::CHUNK_BYTES;
use proptest::prelude::*;

fn blobs(disk: &Arc<VirtualDisk>) -> Blobs {
    Blobs::open(disk.clone(), &MasterKey::new([9; 32])).unwrap().0
}

fn noise(len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut out);
    out
}

#[track_caller]
fn check(content: &[u8]) {
    let blobs = blobs(&Arc::new(VirtualDisk::new(1)));
    let id = blobs.put(content).unwrap();
    let reader = blobs.reader(id).unwrap();
    assert_eq!(reader.len(), content.len() as u64);
    for (index, chunk) in content.chunks(CHUNK_BYTES).enumerate() {
        assert_eq!(reader.read_chunk(index as u64).unwrap(), chunk, "chunk {index}");
    }
    assert!(matches!(reader.read_chunk(reader.chunks()), Err(BlobError::NoChunk { .. })));
    assert_eq!(blobs.read(id, content.len() as u64).unwrap(), content);
    assert_eq!(blobs.check(blobs.file(id)).unwrap(), content.len() as u64);
}

#[test]
fn an_empty_blob_has_no_chunks() {
    check(b"");
}

#[test]
fn chunk_borders_fall_where_they_should() {
    for len in [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7] {
        check(&noise(len));
        check(&vec![b'a'; len]);
    }
}

#[test]
fn text_takes_less_room_and_noise_hardly_more() {
    let disk = Arc::new(VirtualDisk::new(1));
    blobs(&disk).put(&vec![b'a'; 1 << 20]).unwrap();
    assert!(disk.used() < 10_000);
    let disk = Arc::new(VirtualDisk::new(1));
    blobs(&disk).put(&noise(1 << 20)).unwrap();
    assert!(disk.used() < (1 << 20) + 1000);
}

#[test]
fn the_same_content_is_one_file_however_it_was_cut() {
    let disk = Arc::new(VirtualDisk::new(1));
    let blobs = blobs(&disk);
    let content = noise(700_000);
    let whole = blobs.put(&content).unwrap();
    let used = disk.used();
    let mut writer = blobs.writer();
    content.chunks(1000).for_each(|piece| writer.write(piece).unwrap());
    assert_eq!(writer.finish().unwrap(), whole);
    assert_eq!(disk.used(), used);
    assert_eq!(blobs.list().unwrap(), [blobs.file(whole)]);
}

#[test]
fn a_blob_that_was_not_finished_leaves_nothing() {
    let disk = Arc::new(VirtualDisk::new(1));
    let blobs = blobs(&disk);
    let mut writer = blobs.writer();
    writer.write(&noise(600_000)).unwrap();
    drop(writer);
    assert_eq!(disk.used(), 0);
    assert_eq!(blobs.list().unwrap(), []);
}

#[test]
fn a_finished_blob_outlives_a_crash_and_an_unfinished_one_is_swept() {
    for seed in 0..6 {
        let disk = Arc::new(VirtualDisk::new(seed));
        let first = blobs(&disk);
        let id = first.put(&noise(600_000)).unwrap();
        let mut writer = first.writer();
        writer.write(&noise(900_000)).unwrap();
        disk.sync_folder("blobs/parts").unwrap();
        disk.crash();
        std::mem::forget(writer);
        let again = blobs(&disk);
        assert_eq!(again.read(id, u64::MAX).unwrap(), noise(600_000), "seed {seed}");
        assert!(disk.list("blobs/parts").unwrap().is_empty(), "seed {seed}");
    }
}

#[test]
fn flipped_bits_and_swapped_files_are_seen() {
    let disk = Arc::new(VirtualDisk::new(1));
    let blobs = blobs(&disk);
    let (a, b) = (blobs.put(&noise(300_000)).unwrap(), blobs.put(b"short").unwrap());
    let (file, other) = (blobs.file(a), blobs.file(b));
    let bits = disk.len(&blobs.path(file)).unwrap().unwrap() * 8;
    for bit in (0..bits).step_by(49_999).chain(bits - 40..bits) {
        assert!(disk.flip_bit(&blobs.path(file), bit));
        assert!(blobs.check(file).is_err(), "bit {bit}");
        assert!(disk.flip_bit(&blobs.path(file), bit));
    }
    blobs.check(file).unwrap();
    disk.rename(&blobs.path(other), &blobs.path(file)).unwrap();
    assert!(matches!(blobs.reader(a), Err(BlobError::Damaged { .. })));
    assert!(matches!(blobs.reader(b), Err(BlobError::Missing(_))));
}

#[test]
fn a_full_disk_fails_the_blob_and_keeps_the_others() {
    let disk = Arc::new(VirtualDisk::new(1));
    let blobs = blobs(&disk);
    let id = blobs.put(b"kept").unwrap();
    disk.set_faults(crate::disk::Faults { capacity: Some(100_000), ..Default::default() });
    let error = blobs.put(&noise(600_000)).unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(blobs.read(id, 10).unwrap(), b"kept");
    assert_eq!(blobs.list().unwrap(), [blobs.file(id)]);
}

#[test]
fn a_copy_waits_for_no_disk_and_a_torn_one_is_seen() {
    let disk = Arc::new(VirtualDisk::new(1));
    let copies = Blobs::open_copies(disk.clone(), &MasterKey::new([9; 32])).unwrap().0;
    let id = copies.put(&noise(600_000)).unwrap();
    assert_eq!(copies.read(id, u64::MAX).unwrap(), noise(600_000));
    assert!(!blobs(&disk).has(id).unwrap(), "own records lie elsewhere");
    disk.crash();
    let again = Blobs::open_copies(disk, &MasterKey::new([9; 32])).unwrap().0;
    assert!(again.read(id, u64::MAX).is_err() || again.read(id, u64::MAX).unwrap() == noise(600_000));
}

#[test]
fn without_its_name_a_blob_is_checked_and_not_read() {
    let disk = Arc::new(VirtualDisk::new(1));
    let blobs = blobs(&disk);
    let id = blobs.put(&noise(600_000)).unwrap();
    let file = blobs.file(id);
    assert_ne!(file, id);
    assert_eq!(blobs.check(file).unwrap(), 600_000);
    // Everything but the name is known: the master key, and the file.
    let reader = BlobReader::of_file(blobs.clone(), file, None).unwrap();
    assert!(matches!(reader.read_chunk(0), Err(BlobError::Damaged { .. })));
    assert!(matches!(BlobReader::of_file(blobs.clone(), file, Some(file)), Err(BlobError::Damaged { .. })));
    assert!(matches!(blobs.reader(file), Err(BlobError::Damaged { .. })));
    blobs.remove(id).unwrap();
    assert!(matches!(blobs.reader(id), Err(BlobError::Missing(name)) if name == file));
}

#[test]
fn a_blob_from_before_there_were_keys_of_patients_is_read_and_checked() {
    let disk = Arc::new(VirtualDisk::new(1));
    let master = MasterKey::new([9; 32]);
    let keys = (master.derive("blobs"), master.derive("blobs/names"));
    let old = Blobs::open_at(disk.clone(), (FOLDER, None), keys).unwrap().0;
    let id = old.put(&noise(600_000)).unwrap();
    let blobs = blobs(&disk);
    assert!(blobs.has(id).unwrap());
    assert_eq!(blobs.read(id, u64::MAX).unwrap(), noise(600_000));
    assert_eq!(blobs.check(id).unwrap(), 600_000);
    assert_eq!(blobs.list().unwrap(), [id]);
}

#[test]
fn names_are_read_back_from_text() {
    let id = BlobId([0xa7; 32]);
    assert_eq!(BlobId::parse(&id.to_string()), Some(id));
    assert_eq!(BlobId::parse("a7"), None);
    assert_eq!(BlobId::parse(&"x".repeat(64)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_pieces_come_back_as_one(pieces in proptest::collection::vec(0usize..200_000, 0..6)) {
        let blobs = blobs(&Arc::new(VirtualDisk::new(1)));
        let content = noise(pieces.iter().sum());
        let (mut writer, mut rest) = (blobs.writer(), content.as_slice());
        for len in pieces {
            let (piece, more) = rest.split_at(len);
            writer.write(piece).unwrap();
            rest = more;
        }
        let id = writer.finish().unwrap();
        prop_assert_eq!(blobs.read(id, u64::MAX).unwrap(), content);
    }
}
