import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';

@Schema({ collection: 'states', versionKey: false, timestamps: { createdAt: false, updatedAt: true } })
export class State {
  @Prop({ required: true, unique: true })
  name!: string;

  @Prop({ required: true, default: 0 })
  population!: number;

  updatedAt!: Date;
}

export const StateSchema = SchemaFactory.createForClass(State);
