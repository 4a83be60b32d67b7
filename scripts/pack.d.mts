export function buildIfStale(): void;
export function isStale(): boolean;
export function pack(folder: string): string;
export function unpack(tarball: string, folder: string): string[];
