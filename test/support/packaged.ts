import { packageService } from '../../workflow/local/deploy/package-service.ts';

let folder: Promise<string> | undefined;

/**
 * Folder of the packaged service. The first caller packages it, and the others wait. Nobody packages it again while the
 * sources are unchanged. Tests that need no package never wait for one.
 *
 * @throws PackagingError with the compiler's last words
 */
export function packaged(): Promise<string> {
  return (folder ??= packageService());
}
