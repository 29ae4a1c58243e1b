// What the build writes into /vendor/manifest.js.
export const python: { base: string; files: Record<string, { size: number; brotli: number; gzip: number }> } | null;
export const editor: string | null;
export const why: string;
