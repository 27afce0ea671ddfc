use super::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A disk on which there is no room as long as a file `full` lies beside.
#[derive(Debug)]
pub(super) struct MayBeFull {
    sign: PathBuf,
    disk: FileBackend,
}

impl MayBeFull {
    pub(super) fn new(path: &Path, disk: FileBackend) -> Self {
        Self { sign: path.with_file_name("full"), disk }
    }

    fn room(&self) -> io::Result<()> {
        if self.sign.exists() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for MayBeFull {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.disk.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.disk.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.disk.close()
    }
}

/// What a disk is told.
#[derive(Debug, Clone)]
enum Told {
    Length(u64),
    Write(u64, Vec<u8>),
    Sync,
}

/// Remembers what it is told.
#[derive(Debug, Clone, Default)]
struct Witness {
    now: Arc<Mutex<Vec<u8>>>,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Witness {
    fn holding(bytes: Vec<u8>) -> Self {
        Self { now: Arc::new(Mutex::new(bytes)), told: Arc::default() }
    }

    fn tell(&self, told: Told) {
        apply(&mut self.now.lock().unwrap(), &told, usize::MAX);
        self.told.lock().unwrap().push(told);
    }
}

/// As far as the power lasts: so many bytes of it.
fn apply(bytes: &mut Vec<u8>, told: &Told, last: usize) {
    match told {
        Told::Length(length) => bytes.resize(usize::try_from(*length).unwrap(), 0),
        Told::Write(offset, data) => {
            let (from, data) = (usize::try_from(*offset).unwrap(), &data[..data.len().min(last)]);
            if bytes.len() < from + data.len() {
                bytes.resize(from + data.len(), 0);
            }
            bytes[from..from + data.len()].copy_from_slice(data);
        }
        Told::Sync => {}
    }
}

impl StorageBackend for Witness {
    fn len(&self) -> io::Result<u64> {
        Ok(self.now.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.now.lock().unwrap()[from..from + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.tell(Told::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.tell(Told::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.tell(Told::Write(offset, data.to_vec()));
        Ok(())
    }
}

fn row(key: u8, value: Option<&[u8]>) -> Row {
    Row { key: vec![key], value: value.map(<[u8]>::to_vec) }
}

/// Small numbers that look random.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Between two syncs a disk writes in any order, and the last of what it writes in part.
fn after_a_cut(told: &[Told], chance: &mut Chance) -> Vec<u8> {
    let certain = told.iter().rposition(|told| matches!(told, Told::Sync)).map_or(0, |place| place + 1);
    let mut bytes = Vec::new();
    told[..certain].iter().for_each(|told| apply(&mut bytes, told, usize::MAX));
    for told in &told[certain..] {
        match chance.below(4) {
            0 => {}
            1 => apply(&mut bytes, told, 512 * chance.below(9)),
            _ => apply(&mut bytes, told, usize::MAX),
        }
    }
    bytes
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_certain() {
    let disk = Witness::default();
    let (database, _) = Store::of(disk.clone()).unwrap();
    let mut model = BTreeMap::new();
    // What there was after each commit, and how much the disk had been told by then.
    let mut moments = vec![(disk.told.lock().unwrap().len(), model.clone())];
    for n in 0..30_u8 {
        let long = vec![n; 100 << (n % 8)];
        let outbox = vec![row(n, Some(&long)), row(n / 2, None), row(200, Some(&[n]))];
        for Row { key, value } in &outbox {
            match value {
                Some(value) => drop(model.insert(key.clone(), value.clone())),
                None => drop(model.remove(key)),
            }
        }
        write(&database, &Notes { outbox, ..Notes::default() }, false).unwrap();
        moments.push((disk.told.lock().unwrap().len(), model.clone()));
    }
    let told = disk.told.lock().unwrap().clone();
    let mut chance = Chance(7);
    let mut unfinished = 0;
    for cut in moments[0].0..told.len() {
        for _ in 0..3 {
            let (_, left) = Store::of(Witness::holding(after_a_cut(&told[..cut], &mut chance))).unwrap();
            let left: BTreeMap<_, _> = left.outbox.into_iter().collect();
            let certain = moments.iter().rposition(|(told, _)| *told <= cut).unwrap();
            let next = moments.get(certain + 1).is_some_and(|(_, next)| *next == left);
            assert!(left == moments[certain].1 || next, "after {cut} of {}: {left:?}", told.len());
            unfinished += usize::from(left != moments[certain].1);
        }
    }
    assert!(unfinished > 0, "some have everything of what was not certain yet");
}

#[test]
fn a_file_that_is_no_database_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    store.commit(&Notes { outbox: vec![row(1, Some(b"kept"))], ..Notes::default() }).unwrap();
    drop(store);
    let (_, left) = Store::open(folder.path()).unwrap();
    assert_eq!(left.outbox, [(vec![1], b"kept".to_vec())]);
    fs::write(Store::path(folder.path()), vec![b'x'; 5000]).unwrap();
    let (_, left) = Store::open(folder.path()).unwrap();
    assert_eq!(left.outbox, []);
    assert!(folder.path().join("state.redb.broken").exists());
}
