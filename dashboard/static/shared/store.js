// Large tables arrive once, through a mount of their own, and wait here for the map that uses them.

const slots = new Map(); // name -> {version, value, waiting}

function slot(name) {
  if (!slots.has(name)) slots.set(name, { version: null, value: null, waiting: [] });
  return slots.get(name);
}

/** Keep `value` as the newest of that name, and hand it to whoever waits for its version. */
export function put(name, version, value) {
  const place = slot(name);
  Object.assign(place, { version, value });
  place.waiting = place.waiting.filter((one) => {
    if (one.version !== version) return true;
    one.resolve(value);
    return false;
  });
}

/** A promise of that version's value, which may be here already. */
export function take(name, version) {
  const place = slot(name);
  if (place.version === version) return Promise.resolve(place.value);
  return new Promise((resolve) => place.waiting.push({ version, resolve }));
}

/** Entry of the transfer component: data = {name, version, …tables and JSON}. */
export default function mount({ data }) {
  put(data.name, data.version, data);
}

/** A column of an Arrow table as a typed array, without a copy where Arrow allows. */
export const column = (table, name) => table.getChild(name).toArray();

/** The columns z_1, z_2, … of an Arrow table, as typed arrays. */
export function coordinates(table) {
  const names = table.schema.fields.map((field) => field.name).filter((name) => /^z_\d+$/.test(name));
  return names.map((name) => table.getChild(name).toArray());
}
