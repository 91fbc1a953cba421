//! The parts of FHIR R4 resources that Plumbline reads, and the elements by which it recognises other versions. Source: HL7 FHIR R4
//! (4.0.1), the definitions of the resources.

use crate::fault::{Fault, RejectReason};
use crate::json::object::{List, Node, Object, Raw, Scalar, object};
use crate::json::reader::read;

object!(
    /// The fields of every resource.
    Head<'a> { resource_type = "resourceType": Scalar<'a>, id = "id": Scalar<'a>, meta = "meta": Node<Meta<'a>> }
);

object!(Meta<'a> {
    version_id = "versionId": Scalar<'a>,
    last_updated = "lastUpdated": Scalar<'a>,
    tag = "tag": List<Node<Coding<'a>>>,
    security = "security": List<Node<Coding<'a>>>,
    profile = "profile": List<Scalar<'a>>,
});

object!(Coding<'a> { system = "system": Scalar<'a>, code = "code": Scalar<'a>, display = "display": Scalar<'a> });
object!(
    /// A concept. R5's concept with a reference has the element `concept`.
    Concept<'a> { coding = "coding": List<Node<Coding<'a>>>, text = "text": Scalar<'a>, concept = "concept": Raw<'a> }
);
object!(Identifier<'a> {
    usage = "use": Scalar<'a>,
    system = "system": Scalar<'a>,
    value = "value": Scalar<'a>,
    period = "period": Node<Period<'a>>,
});
object!(Period<'a> { start = "start": Scalar<'a>, end = "end": Scalar<'a> });
object!(Quantity<'a> {
    value = "value": Raw<'a>,
    comparator = "comparator": Scalar<'a>,
    unit = "unit": Scalar<'a>,
    code = "code": Scalar<'a>,
});
object!(Extension<'a> { url = "url": Scalar<'a>, concept = "valueCodeableConcept": Node<Concept<'a>> });

object!(Reference<'a> {
    reference = "reference": Scalar<'a>,
    kind = "type": Scalar<'a>,
    identifier = "identifier": Node<Identifier<'a>>,
    agent = "agent": Raw<'a>,
});

object!(
    /// The target of a reference, in a Bundle or contained: the fields of any resource that identify it.
    Target<'a> {
        resource_type = "resourceType": Scalar<'a>,
        id = "id": Scalar<'a>,
        identifier = "identifier": List<Node<Identifier<'a>>>,
        code = "code": Node<Concept<'a>>,
        practitioner = "practitioner": Node<Reference<'a>>,
        organization = "organization": Node<Reference<'a>>,
        managing_organization = "managingOrganization": Node<Reference<'a>>,
        requester = "requester": Node<Reference<'a>>,
        birth_date = "birthDate": Scalar<'a>,
        gender = "gender": Scalar<'a>,
    }
);

object!(Participant<'a> {
    kinds = "type": List<Node<Concept<'a>>>,
    status = "status": Scalar<'a>,
    period = "period": Node<Period<'a>>,
    individual = "individual": Node<Reference<'a>>,
    actor = "actor": Node<Reference<'a>>,
});

object!(EncounterLocation<'a> { location = "location": Node<Reference<'a>> });

object!(EncounterResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    status = "status": Scalar<'a>,
    class = "class": Node<Coding<'a>>,
    kinds = "type": List<Node<Concept<'a>>>,
    service_type = "serviceType": Node<Concept<'a>>,
    subject = "subject": Node<Reference<'a>>,
    participant = "participant": List<Node<Participant<'a>>>,
    appointment = "appointment": List<Node<Reference<'a>>>,
    period = "period": Node<Period<'a>>,
    reason_code = "reasonCode": List<Node<Concept<'a>>>,
    service_provider = "serviceProvider": Node<Reference<'a>>,
    location = "location": List<Node<EncounterLocation<'a>>>,
    part_of = "partOf": Raw<'a>,
    actual_period = "actualPeriod": Raw<'a>,
    reason = "reason": Raw<'a>,
});

object!(AppointmentResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    status = "status": Scalar<'a>,
    service_type = "serviceType": List<Node<Concept<'a>>>,
    appointment_type = "appointmentType": Node<Concept<'a>>,
    reason_code = "reasonCode": List<Node<Concept<'a>>>,
    start = "start": Scalar<'a>,
    end = "end": Scalar<'a>,
    minutes_duration = "minutesDuration": Raw<'a>,
    created = "created": Scalar<'a>,
    participant = "participant": List<Node<Participant<'a>>>,
    subject = "subject": Raw<'a>,
    reason = "reason": Raw<'a>,
});

object!(DispenseRequest<'a> { quantity = "quantity": Node<Quantity<'a>> });

object!(MedicationRequestResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    extension = "extension": List<Node<Extension<'a>>>,
    status = "status": Scalar<'a>,
    intent = "intent": Scalar<'a>,
    do_not_perform = "doNotPerform": Raw<'a>,
    reported = "reportedBoolean": Raw<'a>,
    reported_by = "reportedReference": Raw<'a>,
    medication_concept = "medicationCodeableConcept": Node<Concept<'a>>,
    medication_reference = "medicationReference": Node<Reference<'a>>,
    subject = "subject": Node<Reference<'a>>,
    encounter = "encounter": Node<Reference<'a>>,
    authored_on = "authoredOn": Scalar<'a>,
    requester = "requester": Node<Reference<'a>>,
    course_of_therapy = "courseOfTherapyType": Node<Concept<'a>>,
    dispense_request = "dispenseRequest": Node<DispenseRequest<'a>>,
    context = "context": Raw<'a>,
    medication = "medication": Raw<'a>,
});

object!(MedicationDispenseResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    status = "status": Scalar<'a>,
    medication_concept = "medicationCodeableConcept": Node<Concept<'a>>,
    medication_reference = "medicationReference": Node<Reference<'a>>,
    subject = "subject": Node<Reference<'a>>,
    context = "context": Node<Reference<'a>>,
    authorizing = "authorizingPrescription": List<Node<Reference<'a>>>,
    quantity = "quantity": Node<Quantity<'a>>,
    when_prepared = "whenPrepared": Scalar<'a>,
    when_handed_over = "whenHandedOver": Scalar<'a>,
    not_done = "notDone": Raw<'a>,
    medication = "medication": Raw<'a>,
});

object!(QuestionnaireResponseResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    status = "status": Scalar<'a>,
    subject = "subject": Node<Reference<'a>>,
    encounter = "encounter": Node<Reference<'a>>,
    authored = "authored": Scalar<'a>,
    item = "item": List<Node<QuestionItem<'a>>>,
    context = "context": Raw<'a>,
});

object!(QuestionItem<'a> {
    link_id = "linkId": Scalar<'a>,
    answer = "answer": List<Node<QuestionAnswer<'a>>>,
    item = "item": List<Node<QuestionItem<'a>>>,
});

object!(QuestionAnswer<'a> {
    coding = "valueCoding": Node<Coding<'a>>,
    text = "valueString": Scalar<'a>,
    boolean = "valueBoolean": Raw<'a>,
    integer = "valueInteger": Raw<'a>,
    item = "item": List<Node<QuestionItem<'a>>>,
});

object!(ServiceRequestResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    status = "status": Scalar<'a>,
    intent = "intent": Scalar<'a>,
    do_not_perform = "doNotPerform": Raw<'a>,
    category = "category": List<Node<Concept<'a>>>,
    code = "code": Node<Concept<'a>>,
    subject = "subject": Node<Reference<'a>>,
    encounter = "encounter": Node<Reference<'a>>,
    occurrence = "occurrenceDateTime": Scalar<'a>,
    authored_on = "authoredOn": Scalar<'a>,
    requester = "requester": Node<Reference<'a>>,
});

object!(MedicationResource<'a> { status = "status": Scalar<'a>, code = "code": Node<Concept<'a>> });

object!(ObservationResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    status = "status": Scalar<'a>,
    code = "code": Node<Concept<'a>>,
    subject = "subject": Node<Reference<'a>>,
    encounter = "encounter": Node<Reference<'a>>,
    effective = "effectiveDateTime": Scalar<'a>,
    effective_instant = "effectiveInstant": Scalar<'a>,
    effective_period = "effectivePeriod": Node<Period<'a>>,
    issued = "issued": Scalar<'a>,
    performer = "performer": List<Node<Reference<'a>>>,
    value = "valueQuantity": Node<Quantity<'a>>,
    component = "component": List<Node<ObservationComponent<'a>>>,
    context = "context": Raw<'a>,
});

object!(ObservationComponent<'a> { code = "code": Node<Concept<'a>>, value = "valueQuantity": Node<Quantity<'a>> });

object!(PractitionerResource<'a> { identifier = "identifier": List<Node<Identifier<'a>>> });

object!(PractitionerRoleResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    active = "active": Raw<'a>,
    period = "period": Node<Period<'a>>,
    practitioner = "practitioner": Node<Reference<'a>>,
    organization = "organization": Node<Reference<'a>>,
    code = "code": List<Node<Concept<'a>>>,
});

object!(OrganizationResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    identifier = "identifier": List<Node<Identifier<'a>>>,
    kinds = "type": List<Node<Concept<'a>>>,
    name = "name": Scalar<'a>,
    part_of = "partOf": Node<Reference<'a>>,
});

object!(LocationResource<'a> {
    contained = "contained": List<Node<Target<'a>>>,
    managing_organization = "managingOrganization": Node<Reference<'a>>,
    part_of = "partOf": Node<Reference<'a>>,
});

object!(
    /// A Bundle without its entries' resources.
    BundleHead<'a> { kind = "type": Scalar<'a> }
);

object!(EntryRequest<'a> { method = "method": Scalar<'a>, url = "url": Scalar<'a> });
object!(EntryResponse<'a> {
    status = "status": Scalar<'a>,
    location = "location": Scalar<'a>,
    etag = "etag": Scalar<'a>,
    last_modified = "lastModified": Scalar<'a>,
});

object!(
    /// An entry of a Bundle; its resource is kept as text.
    Entry<'a> {
        full_url = "fullUrl": Scalar<'a>,
        resource = "resource": Raw<'a>,
        request = "request": Node<EntryRequest<'a>>,
        response = "response": Node<EntryResponse<'a>>,
    }
);

object!(
    /// A Bundle's entries as text.
    BundleEntries<'a> { entry = "entry": List<Raw<'a>> }
);

/// Reads the parts of an object that a type knows.
pub(crate) fn parse<'a, T: Object<'a>>(text: &'a str) -> Result<Box<T>, Fault> {
    match read(text) {
        Ok(Node::Object(object)) => Ok(object),
        Ok(Node::Missing | Node::Other(_)) => {
            Err(Fault::new(RejectReason::NotAnObject, "", "the element is not an object; send one"))
        }
        Err(broken) => Err(broken.fault(text)),
    }
}
