import { sh, type Command } from 'migrate-runbook';
import type { Service } from '../catalogue.ts';
import { backParams, type BackParams } from './params.ts';

/** The command that brings a service back with the parameters by which it was moved, but for those that are as if left out. */
export function backCommand(service: Pick<Service, 'service' | 'folder'>, params: BackParams): Command {
  const { shape } = backParams(service);
  const set = Object.entries(shape).flatMap(([name, schema]) => {
    const value = params[name as keyof BackParams];
    const otherwise = schema.safeParse(undefined).data;
    if (value === undefined || JSON.stringify(value) === JSON.stringify(otherwise)) return [];
    return ['--set', `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
  return sh`migrate run ${`${service.service}-back`} ${set}`;
}
