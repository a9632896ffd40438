// The promise "no runtime dependency", read off the library's manifest.

export interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly bundleDependencies?: readonly string[] | boolean;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
  readonly scripts?: Record<string, string>;
}

/** Everything in a manifest that would put another package, or code of ours, on a user's machine by itself. */
export function dependencyOffences(manifest: Manifest): string[] {
  const required = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [
    ...Object.keys(manifest.dependencies ?? {}).map((name) => `depends on ${name}`),
    ...Object.keys(manifest.optionalDependencies ?? {}).map((name) => `depends on ${name}, if it can`),
    ...[manifest.bundleDependencies ?? []].flat().map((name) => `bundles ${name}`),
    ...required.map((name) => `requires its user to have ${name}`),
    ...Object.keys(manifest.scripts ?? {})
      .filter((name) => /^(pre|post)?install$/.test(name))
      .map((name) => `runs a script at ${name}`),
  ];
}

export interface Lockfile {
  readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
}

/**
 * Builds for other platforms that the lockfile does not know. `npm ci` refuses such a lockfile; `npm install`
 * makes one when its registry lacks those builds.
 */
export function lockOffences({ packages }: Lockfile): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(
        (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
      )
      .map((name) => `${path} may install ${name}, which is not locked`),
  );
}
