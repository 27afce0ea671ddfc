origins => {
  const mine = origins.find(entry => entry.origin === location.origin);
  const mark = '__understudy_restored';
  try {
    if (!mine || sessionStorage.getItem(mark)) return;
    sessionStorage.setItem(mark, '1');
    for (const { name, value } of mine.localStorage) if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
  } catch {
    // Opaque origins have no storage.
  }
}
