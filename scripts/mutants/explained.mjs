// Why a mutant survives, in groups that docs/proof.md describes. A pattern is the beginning of its description.

const groups = [];

/** The group that explains a survivor; undefined when none does. */
export function reasonOf(name) {
  return groups.find(({ of }) => of.some((pattern) => name.startsWith(pattern)))?.group;
}
