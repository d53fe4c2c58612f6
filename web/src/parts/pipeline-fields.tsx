// The small parts that the form of a pipeline is made of: each shows what stands at a path of the text, and writes it there.
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { NativeSelect, TagsInput, Text, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { keyOf, listIn, textAt, valueAt } from "../logic/pipeline-form";
import type { Path } from "../logic/pipeline-text";
import type { PipelineHand } from "./use-pipeline-text";

export interface At {
  hand: PipelineHand;
  path: Path;
}

interface InputProps extends At {
  label: string;
  about?: string;
  placeholder?: string;
  isPlain?: boolean; // its label is only read out
}

export const isLocked = (hand: PipelineHand): boolean => hand.isReadOnly || !hand.isReadable;
const faultAt = ({ hand, path }: At): string | undefined => hand.faults.at.get(keyOf(path));

export function TextAt({ hand, path, label, about, placeholder, isPlain, convert }: InputProps & { convert?: (text: string) => unknown }) {
  return (
    <TextInput
      label={isPlain ? undefined : label}
      aria-label={isPlain ? label : undefined}
      description={about}
      placeholder={placeholder}
      value={textAt(hand.values, path)}
      disabled={isLocked(hand)}
      error={faultAt({ hand, path })}
      spellCheck={false}
      onChange={(event) => {
        const text = event.currentTarget.value;
        hand.set(path, text === "" ? undefined : convert === undefined ? text : convert(text));
      }}
    />
  );
}

// `otherwise`: what holds where nothing is said; picking it takes the key out.
export function ChoiceAt({ hand, path, label, about, isPlain, choices, otherwise }: InputProps & { choices: readonly { value: string; label: string }[]; otherwise: string }) {
  const text = textAt(hand.values, path);
  const known = choices.some(({ value }) => value === text) || text === "";
  return (
    <NativeSelect
      label={isPlain ? undefined : label}
      aria-label={isPlain ? label : undefined}
      description={about}
      data={known ? [...choices] : [...choices, { value: text, label: text }]}
      value={text === "" ? otherwise : text}
      disabled={isLocked(hand)}
      error={faultAt({ hand, path })}
      onChange={(event) => hand.set(path, event.currentTarget.value === otherwise ? undefined : event.currentTarget.value)}
    />
  );
}

// A list of columns; `columns` are offered, others may be typed.
export function ColumnsAt({ hand, path, label, about, placeholder, isPlain, columns, keepsEmpty = true }: InputProps & { columns: readonly string[]; keepsEmpty?: boolean }) {
  const value = listIn(valueAt(hand.values, path)).map(String);
  return (
    <TagsInput
      label={isPlain ? undefined : label}
      aria-label={isPlain ? label : undefined}
      description={about}
      placeholder={value.length === 0 ? placeholder : undefined}
      data={[...columns]}
      value={value}
      disabled={isLocked(hand)}
      error={faultAt({ hand, path })}
      splitChars={[]}
      acceptValueOnBlur
      maxDropdownHeight={220}
      onChange={(next) => hand.set(path, next.length === 0 && !keepsEmpty ? undefined : next)}
    />
  );
}

export function FormSection({ title, about, fault, children }: { title: string; about?: ReactNode; fault?: string; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {about !== undefined && (
        <Text size="sm" className="soft" mb="sm">
          {about}
        </Text>
      )}
      {fault !== undefined && (
        <Text size="sm" c="var(--rejected)" className="wrap" mb="sm">
          {fault}
        </Text>
      )}
      {children}
    </section>
  );
}
