// Large tables arrive once, through a mount of their own, and wait here for the map that uses them.

const KEPT = 2; // versions of a name: while modules load, an older one may arrive after a newer one
const slots = new Map(); // name -> {values: version -> value, waiting, followers}

function slot(name) {
  if (!slots.has(name)) slots.set(name, { values: new Map(), waiting: [], followers: new Set() });
  return slots.get(name);
}

/** Keep `value` as a version of that name, and hand it to whoever waits for it. */
export function put(name, version, value) {
  const place = slot(name);
  place.values.delete(version); // to be the last of the map
  place.values.set(version, value);
  if (place.values.size > KEPT) place.values.delete(place.values.keys().next().value);
  place.waiting = place.waiting.filter((one) => {
    if (one.version !== version) return true;
    one.resolve(value);
    return false;
  });
  place.followers.forEach((act) => act(version));
}

/** Call `act` with each version of that name as it comes; returns what ends that. */
export function follow(name, act) {
  const { followers } = slot(name);
  followers.add(act);
  return () => followers.delete(act);
}

/** A promise of that version's value, which may be here already. */
export function take(name, version) {
  const place = slot(name);
  if (place.values.has(version)) return Promise.resolve(place.values.get(version));
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
